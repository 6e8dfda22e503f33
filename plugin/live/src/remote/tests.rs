//! The socket, with a pretended main thread.

use super::*;
use std::time::Duration;

fn socket(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("voxmeld-{name}-{}.sock", std::process::id()))
}

#[test]
fn a_request_is_answered_and_the_socket_is_removed_at_the_end() {
    let path = socket("answer");
    let server = Server::open(&path).expect("opens");
    let client = std::thread::spawn({
        let path = path.clone();
        move || {
            ask(
                &path,
                &Request::Set {
                    parameter: "ratio".into(),
                    value: "0.7".into(),
                },
            )
        }
    });
    let pending = server.next(Duration::from_secs(60)).expect("a request");
    assert!(matches!(&pending.request, Request::Set { value, .. } if value == "0.7"));
    pending.reply(Reply::Done("70.0 %".into()));
    let reply = client.join().expect("no panic").expect("answered");
    assert_eq!(reply, Reply::Done("70.0 %".into()));
    drop(server);
    assert!(!path.exists());
    let error = ask(&path, &Request::Status)
        .expect_err("nobody listens")
        .to_string();
    assert!(error.contains("start `voxmeld`"), "{error}");
}

#[test]
fn a_second_program_is_refused_and_a_socket_left_behind_is_replaced() {
    let path = socket("second");
    let server = Server::open(&path).expect("opens");
    let error = Server::open(&path).err().expect("it is taken").to_string();
    assert!(error.contains("another voxmeld is running"), "{error}");
    drop(server);
    // A killed program leaves its socket, at which nobody listens.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
    assert!(path.exists());
    drop(Server::open(&path).expect("replaced"));
}

#[test]
fn a_file_in_the_place_of_the_socket_is_not_removed() {
    let path = socket("file");
    std::fs::write(&path, "precious").expect("written");
    assert!(Server::open(&path).is_err());
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), "precious");
    std::fs::remove_file(&path).expect("removed");
}

#[test]
fn nonsense_is_refused_and_the_connection_goes_on() {
    use std::io::{BufRead, BufReader, Write};
    let path = socket("nonsense");
    let _server = Server::open(&path).expect("opens");
    let mut stream = std::os::unix::net::UnixStream::connect(&path).expect("connected");
    let mut lines = BufReader::new(stream.try_clone().expect("cloned")).lines();
    for nonsense in ["{}", "[1", "\"dance\""] {
        stream
            .write_all(format!("{nonsense}\n").as_bytes())
            .expect("sent");
        let answer = lines.next().expect("a line").expect("read");
        assert!(answer.contains("not understood"), "{answer}");
    }
}
