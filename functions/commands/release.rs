//! `usher release PERSON`: human decisions about one person are forgotten.

use super::explain::no_person;
use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use usher_shared::provision::whom;
use usher_shared::until::Until;

#[derive(Args)]
pub(super) struct Options {
    /// Object id or address
    person: String,
}

pub(super) async fn run(global: &Global, options: &Options) -> Exit {
    let Some(whom) = whom(&options.person) else { return no_person(global) };
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    let (mut until, _stop) = Until::new(None);
    match usher.release(&whom, &mut until).await {
        Ok(Some(released)) => {
            if global.json {
                output::json(&released);
            } else if released.released {
                output::print("forgotten: the rules apply again, and all their days are to come\n");
            } else {
                output::print("there was nothing to forget\n");
            }
            Exit::Done
        }
        Ok(None) => output::error(
            global,
            "not-looked-after",
            "usher looks after nobody like that.",
            "`usher explain` tells what the person is; only people whom usher brought in or adopted can be released.",
        ),
        Err(error) => output::failed(global, &error),
    }
}
