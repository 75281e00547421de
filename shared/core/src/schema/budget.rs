//! What a check may take: steps and memory. Whichever is used up first ends the check.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of a text that are read or compared for one step.
const BYTES_A_STEP: usize = 16;

/// Most schemas that are being applied inside of one another: what the stack of a check has room for.
const MOST_LEVELS: usize = 4_096;

/// How often a check looks whether it is still wanted, in steps.
const LOOK_EVERY: u64 = 1_024;

/// What a check may take.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Steps: a schema applied to a value, an element looked at, 16 bytes of a string read.
    pub steps: u64,
    /// Bytes of memory, beside the config's text and the schema.
    pub bytes: usize,
    /// Ends the check when it is set, within about 1,000 steps.
    pub cancelled: Arc<AtomicBool>,
}

impl Budget {
    /// A budget that nobody cancels.
    pub fn new(steps: u64, bytes: usize) -> Self {
        Self { steps, bytes, cancelled: Arc::default() }
    }
}

/// Why a check did not come to a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// Its steps are used up.
    #[error("checking it takes too many steps")]
    Steps,
    /// Its memory is used up.
    #[error("checking it takes too much memory")]
    Memory,
    /// Schemas are applied inside of one another too often.
    #[error("its schema refers to itself too deeply for it")]
    Levels,
    /// Nobody waits for it any more.
    #[error("it takes too long")]
    Cancelled,
    /// The check itself is at fault.
    #[error("checking it failed")]
    Failed,
}

/// What is left of a budget.
pub(super) struct Spending {
    steps: u64,
    spent: u64,
    look_at: u64,
    bytes: usize,
    levels: usize,
    cancelled: Arc<AtomicBool>,
}

impl Spending {
    pub(super) fn new(budget: &Budget) -> Self {
        let (steps, bytes, cancelled) = (budget.steps, budget.bytes, Arc::clone(&budget.cancelled));
        Self { steps, spent: 0, look_at: 0, bytes, levels: 0, cancelled }
    }

    /// The same again: for what is done once the verdict is known.
    pub(super) fn again(&mut self) {
        self.steps = self.steps.saturating_add(self.spent);
    }

    /// How many steps are spent.
    pub(super) fn spent(&self) -> u64 {
        self.spent
    }

    /// Takes steps.
    pub(super) fn step(&mut self, steps: usize) -> Result<(), Unfinished> {
        self.spent = self.spent.saturating_add(steps as u64);
        if self.spent > self.steps {
            return Err(Unfinished::Steps);
        }
        if self.spent >= self.look_at {
            self.look_at = self.spent.saturating_add(LOOK_EVERY);
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(Unfinished::Cancelled);
            }
        }
        Ok(())
    }

    /// Takes the steps that reading so many bytes costs.
    pub(super) fn bytes_read(&mut self, bytes: usize) -> Result<(), Unfinished> {
        self.step(bytes / BYTES_A_STEP)
    }

    /// Takes memory.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), Unfinished> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Unfinished::Memory)?;
        Ok(())
    }

    /// Gives memory back.
    pub(super) fn release(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Goes one level down.
    pub(super) fn down(&mut self) -> Result<(), Unfinished> {
        self.levels += 1;
        if self.levels > MOST_LEVELS { Err(Unfinished::Levels) } else { Ok(()) }
    }

    /// Goes one level up.
    pub(super) fn up(&mut self) {
        self.levels = self.levels.saturating_sub(1);
    }
}
