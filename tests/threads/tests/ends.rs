//! Start, stop, quit and join of the worker's thread, in every interleaving with a
//! loader that sends a voice meanwhile: nobody waits for ever, and nothing is left.
//! The thread's file is the engine's, see `src/worker.rs`.

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
fn a_stop_is_answered_when_the_stream_is_let_go_of() {
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
fn an_end_in_the_midst_of_work_leaves_nothing() {
    check(|| {
        let (commands, received) = unbounded();
        let (stream, voice) = (Arc::new(()), Arc::new(()));
        let worker = WorkerThread::spawn(Worker::new(received), commands.clone()).expect("a thread");
        let (loads, loaded) = (commands.clone(), voice.clone());
        let loader = thread::spawn(move || send(&loads, WorkerCommand::Swap(loaded)));
        send(&commands, WorkerCommand::Start(stream.clone()));
        // Joins: whatever the loader sends, before or after.
        drop(worker);
        assert_eq!(Arc::strong_count(&stream), 1, "the stream is still held");
        loader.join().expect("no panic");
        assert_eq!(Arc::strong_count(&voice), 1, "the voice is still held");
    });
}

#[test]
fn a_second_activation_follows_the_first_at_once() {
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

/// The checker itself: an answer that comes too early is found out.
#[test]
#[should_panic(expected = "the stream is still held")]
fn the_checker_sees_an_answer_that_comes_too_early() {
    check(|| {
        let (commands, received) = unbounded();
        let stream = Arc::new(());
        let worker = WorkerThread::spawn(Worker::hasty(received), commands.clone()).expect("a thread");
        send(&commands, WorkerCommand::Start(stream.clone()));
        stop_and_wait(&commands);
        assert_eq!(Arc::strong_count(&stream), 1, "the stream is still held");
        drop(worker);
    });
}
