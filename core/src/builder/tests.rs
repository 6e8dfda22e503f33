//! Panics of a request, planted in its work.

use super::*;
use crate::selection::VoiceSelection;
use std::time::{Duration, Instant};

type Outcome = Result<IndexResult, IndexRequestError>;

/// Runs `work`, and returns what is shown when its thread has ended.
fn shown_after(
    builder: &Arc<IndexBuilder>,
    work: impl FnOnce(&Progress) -> Outcome + Send + 'static,
    done: impl FnOnce(Outcome) + Send + 'static,
) -> IndexWork {
    builder.0.lock().spawn(work, done);
    let began = Instant::now();
    loop {
        let work = builder.work();
        if !matches!(work, IndexWork::Running { .. }) {
            return work;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the thread hangs");
        std::thread::yield_now();
    }
}

fn publisher(builder: &Arc<IndexBuilder>) -> impl FnOnce(Outcome) + Send + 'static {
    let builder = builder.clone();
    move |outcome| {
        builder.publish(match outcome {
            Ok(made) => IndexWork::Done {
                summary: made.summary,
            },
            Err(error) => IndexWork::Failed {
                why: error.to_string(),
            },
        });
    }
}

fn good(_: &Progress) -> Outcome {
    Ok(IndexResult {
        selection: VoiceSelection::default(),
        summary: "built".into(),
    })
}

fn built() -> IndexWork {
    IndexWork::Done {
        summary: "built".into(),
    }
}

#[test]
fn panic_while_building_is_reported_and_the_next_request_works() {
    let builder = Arc::new(IndexBuilder::default());
    let failed = shown_after(&builder, |_| panic!("planted"), publisher(&builder));
    assert!(
        matches!(&failed, IndexWork::Failed { why } if why.contains("planted")),
        "{failed:?}"
    );
    assert_eq!(shown_after(&builder, good, publisher(&builder)), built());
}

#[test]
fn panic_while_the_result_is_published_is_reported_and_the_next_request_works() {
    let builder = Arc::new(IndexBuilder::default());
    let failed = shown_after(&builder, good, |_| panic!("planted"));
    assert!(matches!(failed, IndexWork::Failed { .. }), "{failed:?}");
    assert_eq!(shown_after(&builder, good, publisher(&builder)), built());
}
