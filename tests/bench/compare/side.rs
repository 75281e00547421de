//! What is measured, and what it is measured of.

use std::pin::Pin;

use bytes::Bytes;

use crate::data::Text;

/// One operation.
#[derive(Clone, Copy)]
pub(crate) enum Op<'a> {
    /// Keeps a version after the newest.
    Save(&'a Text),
    /// Reads version n, counted from 1.
    Read(usize),
    /// Reads the newest version.
    Head,
    /// The 50 newest, without their configs.
    List,
    /// Makes version n the newest again.
    Restore(usize),
    /// Makes version n what users see.
    Publish(usize),
    /// What users see, which they have already.
    LiveSame,
    /// What users see.
    LiveWarm,
    /// What users see, by a program that has just started.
    LiveCold,
    /// What differs between two versions.
    Diff(usize, usize),
}

impl Op<'_> {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Save(_) => "save",
            Self::Read(_) => "read version n",
            Self::Head => "read head",
            Self::List => "list 50",
            Self::Restore(_) => "restore",
            Self::Publish(_) => "publish",
            Self::LiveSame => "live, 304",
            Self::LiveWarm => "live, warm",
            Self::LiveCold => "live, cold",
            Self::Diff(..) => "diff",
        }
    }
}

/// A future of a side; everything runs on one task.
pub(crate) type Run<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A place where versions are kept.
pub(crate) trait Side {
    /// The head of its column.
    fn name(&self) -> &'static str;

    /// How it is set up, and what it promises when it has answered a save.
    fn settings(&self) -> String;

    /// Whether it has this operation.
    fn offers(&self, op: &Op<'_>) -> bool;

    /// What has to be there before the operation, and is not measured.
    fn prepare<'a>(&'a mut self, _op: Op<'a>) -> Run<'a, ()> {
        Box::pin(async {})
    }

    /// The operation. A config that it reads is what comes out.
    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes>;

    /// The calls of AWS since the last time.
    fn calls(&mut self) -> Option<usize> {
        None
    }

    /// The bytes that it keeps; `None` where another side keeps them.
    fn stored(&mut self) -> Run<'_, Option<u64>> {
        Box::pin(async { None })
    }
}
