//! Start, stop, quit and join of the worker's thread, in every interleaving with a
//! loader that sends a voice at the same time: no thread waits forever, and all streams and
//! voices are dropped. The thread's file is the engine's, see `src/worker.rs`.

use loom::sync::Arc;
use loom::thread;
use voxmeld_threads::worker::step::{Worker, WorkerCommand};
use voxmeld_threads::worker::thread::WorkerThread;
use voxmeld_threads::worker::thread_primitives::{Sender, unbounded};

fn check(program: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.max_duration = Some(std::time::Duration::from_secs(15));
    model.check(program);
}

fn send(commands: &Sender<WorkerCommand>, command: WorkerCommand) {
    let _ = commands.send(command);
}

/// As `Engine::deactivate` does.
fn stop_and_wait(commands: &Sender<WorkerCommand>) {
    let (done, wait) = unbounded();
    send(commands, WorkerCommand::Stop(done));
    while wait.try_recv().is_none() {
        thread::yield_now();
    }
}

#[test]
fn confirmed_stop_has_dropped_the_stream() {
    check(|| {
        let (commands, received) = unbounded();
        let (stream, voice) = (Arc::new(()), Arc::new(()));
        let worker = WorkerThread::spawn(Worker::new(received), commands.clone()).expect("a thread");
        let (loads, loaded) = (commands.clone(), voice.clone());
        let loader = thread::spawn(move || send(&loads, WorkerCommand::Swap(loaded)));
        send(&commands, WorkerCommand::Start(stream.clone()));
        stop_and_wait(&commands);
        assert_eq!(Arc::strong_count(&stream), 1, "the stream is still held");
        drop(worker);
        loader.join().expect("no panic");
        assert_eq!(Arc::strong_count(&voice), 1, "the voice is still held");
    });
}

#[test]
fn worker_dropped_during_work_drops_stream_and_voice() {
    check(|| {
        let (commands, received) = unbounded();
        let (stream, voice) = (Arc::new(()), Arc::new(()));
        let worker = WorkerThread::spawn(Worker::new(received), commands.clone()).expect("a thread");
        let (loads, loaded) = (commands.clone(), voice.clone());
        let loader = thread::spawn(move || send(&loads, WorkerCommand::Swap(loaded)));
        send(&commands, WorkerCommand::Start(stream.clone()));
        // Joins the thread, before or after the loader sends its voice.
        drop(worker);
        assert_eq!(Arc::strong_count(&stream), 1, "the stream is still held");
        loader.join().expect("no panic");
        assert_eq!(Arc::strong_count(&voice), 1, "the voice is still held");
    });
}

#[test]
fn second_activation_right_after_a_stop_drops_both_streams() {
    check(|| {
        let (commands, received) = unbounded();
        let streams = [Arc::new(()), Arc::new(())];
        let worker = WorkerThread::spawn(Worker::new(received), commands.clone()).expect("a thread");
        for stream in &streams {
            send(&commands, WorkerCommand::Start(stream.clone()));
            stop_and_wait(&commands);
            assert_eq!(Arc::strong_count(stream), 1, "the stream is still held");
        }
        drop(worker);
    });
}

/// Shows that the checker finds a confirmation that is sent too early.
#[test]
#[should_panic(expected = "the stream is still held")]
fn checker_finds_a_stop_that_is_confirmed_too_early() {
    check(|| {
        let (commands, received) = unbounded();
        let stream = Arc::new(());
        let worker = WorkerThread::spawn(Worker::confirming_stop_too_early(received), commands.clone())
            .expect("a thread");
        send(&commands, WorkerCommand::Start(stream.clone()));
        stop_and_wait(&commands);
        assert_eq!(Arc::strong_count(&stream), 1, "the stream is still held");
        drop(worker);
    });
}
