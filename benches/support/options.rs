//! Options as `--name NUMBER` after `--`; what cargo adds itself is passed over.

use anyhow::Context as _;

/// The number behind `--name`, or what it is without one.
pub(crate) fn number<N>(name: &str, otherwise: N) -> anyhow::Result<N>
where
    N: std::str::FromStr,
    N::Err: std::error::Error + Send + Sync + 'static,
{
    let flag = format!("--{name}");
    let mut arguments = std::env::args().skip_while(|argument| *argument != flag).skip(1);
    match arguments.next() {
        Some(text) => text.parse().with_context(|| format!("{flag} {text}")),
        None => Ok(otherwise),
    }
}
