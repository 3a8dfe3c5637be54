//! What the programs in Rust share: cases run one after another, and a line of JSON for each.
use std::fmt::Debug;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(45);

static NAMES: AtomicUsize = AtomicUsize::new(0);

pub fn bootstrap() -> String {
    std::env::var("BOOTSTRAP").unwrap_or_else(|_| "127.0.0.1:9092".to_owned())
}

/// A name that no other case of this program uses.
pub fn fresh(kind: &str) -> String {
    format!("{kind}-{}", NAMES.fetch_add(1, Ordering::Relaxed))
}

pub fn values(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

pub fn same<T: PartialEq + Debug>(actual: T, expected: T, what: &str) {
    assert!(actual == expected, "{what}: {actual:?} in place of {expected:?}");
}

/// Cases that have run, and whether all of them passed.
pub struct Cases {
    whole: bool,
}

impl Cases {
    pub fn new() -> Self {
        std::panic::set_hook(Box::new(|_| {}));
        Self { whole: true }
    }

    /// A case has failed when it panics or takes too long.
    pub async fn case(&mut self, name: &str, test: impl Future<Output = ()> + Send + 'static) {
        let ended = tokio::time::timeout(LIMIT, tokio::spawn(test)).await;
        let why = match ended {
            Ok(Ok(())) => None,
            Ok(Err(broken)) => Some(words_of(broken)),
            Err(_) => Some(format!("not done within {LIMIT:?}")),
        };
        self.whole = self.whole && why.is_none();
        println!("{}", serde_json::json!({ "case": name, "ok": why.is_none(), "why": why }));
    }

    pub fn end(self) -> ! {
        std::process::exit(if self.whole { 0 } else { 1 })
    }
}

fn words_of(broken: tokio::task::JoinError) -> String {
    let Ok(panic) = std::panic::catch_unwind(AssertUnwindSafe(|| broken.into_panic())) else {
        return "it was cancelled".to_owned();
    };
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}
