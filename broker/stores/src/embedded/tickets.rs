//! Tickets in this process: a bounded map. They are gone after a restart.

use crate::Coming;
use crate::tickets::{KeptBytes, NotKept, Ticket, TicketBounds, TicketKey, TicketOwner, Tickets};
use std::collections::{BTreeSet, HashMap};
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tickets in a map.
pub struct EmbeddedTickets {
    bounds: TicketBounds,
    kept: Mutex<KeptTickets>,
}

#[derive(Default)]
struct KeptTickets {
    tickets: HashMap<TicketKey, Ticket>,
    /// By their ends: those that are over are the first.
    ends: BTreeSet<(u64, TicketKey)>,
    owners: HashMap<TicketOwner, usize>,
    bytes: usize,
}

impl EmbeddedTickets {
    /// None yet.
    #[must_use]
    pub fn new(bounds: TicketBounds) -> Self {
        Self {
            bounds,
            kept: Mutex::default(),
        }
    }

    /// Those that are not over.
    fn at(&self, now_s: u64) -> MutexGuard<'_, KeptTickets> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((until_s, key)) = kept.ends.first().copied()
            && until_s <= now_s
        {
            kept.remove(&key);
        }
        kept
    }
}

impl KeptTickets {
    fn put(&mut self, ticket: Ticket, bounds: TicketBounds) -> Result<(), NotKept> {
        if self.tickets.contains_key(&ticket.key) {
            return Err(NotKept::Taken);
        }
        let bytes = self.bytes + ticket.bytes.len();
        if self.tickets.len() >= bounds.in_all || bytes > bounds.bytes {
            return Err(NotKept::Full);
        }
        let of_owner = self.owners.entry(ticket.owner).or_default();
        if *of_owner >= bounds.of_one {
            return Err(NotKept::OwnerFull);
        }
        *of_owner += 1;
        self.bytes = bytes;
        self.ends.insert((ticket.until_s, ticket.key));
        self.tickets.insert(ticket.key, ticket);
        Ok(())
    }

    fn remove(&mut self, key: &TicketKey) -> Option<Ticket> {
        let ticket = self.tickets.remove(key)?;
        self.ends.remove(&(ticket.until_s, *key));
        self.bytes -= ticket.bytes.len();
        if let Some(of_owner) = self.owners.get_mut(&ticket.owner) {
            *of_owner -= 1;
            if *of_owner == 0 {
                self.owners.remove(&ticket.owner);
            }
        }
        Some(ticket)
    }
}

impl Tickets for EmbeddedTickets {
    fn put(&self, ticket: Ticket, now_s: u64) -> Coming<'_, Result<(), NotKept>> {
        let put = self.at(now_s).put(ticket, self.bounds);
        Box::pin(ready(put))
    }

    fn get(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes> {
        let kept = self.at(now_s);
        let bytes = kept.tickets.get(&key).map(|ticket| ticket.bytes.clone());
        Box::pin(ready(Ok(bytes)))
    }

    fn take(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes> {
        let taken = self.at(now_s).remove(&key);
        Box::pin(ready(Ok(taken.map(|ticket| ticket.bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::EmbeddedTickets;
    use crate::tickets::suite;
    use std::sync::Arc;

    #[tokio::test]
    async fn the_embedded_tickets_behave() {
        suite::behaves(|bounds| Arc::new(EmbeddedTickets::new(bounds))).await;
    }

    #[tokio::test]
    async fn what_is_over_leaves_nothing_behind() {
        suite::fill_and_pass(EmbeddedTickets::new, |tickets| {
            let kept = tickets.at(u64::MAX);
            assert!(kept.tickets.is_empty() && kept.ends.is_empty());
            assert!(kept.owners.is_empty() && kept.bytes == 0);
        })
        .await;
    }
}
