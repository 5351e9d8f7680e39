//! Tickets of many nodes, sealed.

use super::cluster::Cluster;
use super::{keys, scripts};
use crate::Coming;
use crate::tickets::{
    KeptBytes, NotKept, Ticket, TicketBounds, TicketKey, Tickets, TicketsUnavailable,
};
use locum_core::jcs::hex;
use std::sync::Arc;

/// Characters ahead of a ticket's sealed bytes: its owner, and its size in decimal.
const HEAD: usize = 40;

/// Tickets over a Redis.
pub(super) struct RedisTickets {
    pub(super) cluster: Arc<Cluster>,
    pub(super) bounds: TicketBounds,
}

fn all_keys() -> [String; 3] {
    [keys::tickets(), keys::ticket_ends(), keys::ticket_owners()]
}

fn place(name: &str) -> String {
    format!("{}:{name}", keys::tickets())
}

impl RedisTickets {
    async fn put(&self, ticket: Ticket, now_s: u64) -> Result<(), NotKept> {
        let (name, owner) = (hex(&ticket.key), hex(&ticket.owner));
        let sealing = &self.cluster.world.sealing;
        // Its end is sealed with it: a later one in Redis makes it live no longer.
        let plain = [&ticket.until_s.to_le_bytes()[..], &ticket.bytes].concat();
        let sealed = sealing.seal(&plain, &place(&name));
        let sealed = sealed.map_err(|_| NotKept::Unavailable)?;
        let mut value = format!("{owner}{:08}", ticket.bytes.len()).into_bytes();
        value.extend_from_slice(&sealed);
        let mut command = scripts::eval(scripts::PUT_TICKET, &all_keys());
        command.arg(now_s).arg(name).arg(owner).arg(value);
        command.arg(ticket.until_s).arg(self.bounds.of_one);
        command.arg(self.bounds.in_all).arg(self.bounds.bytes);
        let answer: Result<i64, _> = self.cluster.commands.run(command).await;
        match answer.map_err(|_| NotKept::Unavailable)? {
            1 => Ok(()),
            0 => Err(NotKept::Taken),
            -1 => Err(NotKept::OwnerFull),
            _ => Err(NotKept::Full),
        }
    }

    async fn read(&self, key: TicketKey, now_s: u64, take: bool) -> KeptBytes {
        let name = hex(&key);
        let mut command = scripts::eval(scripts::TICKET, &all_keys());
        command.arg(now_s).arg(&name).arg(u8::from(take));
        let found: Result<Option<Vec<u8>>, _> = self.cluster.commands.run(command).await;
        let Some(value) = found.map_err(|_| TicketsUnavailable)? else {
            return Ok(None);
        };
        let sealed = value.get(HEAD..).unwrap_or_default();
        // What does not open is no ticket of ours.
        let plain = self.cluster.world.sealing.open(sealed, &place(&name));
        Ok(plain.and_then(|plain| {
            let (until_s, bytes) = plain.split_first_chunk::<8>()?;
            (u64::from_le_bytes(*until_s) > now_s).then(|| bytes.to_vec())
        }))
    }
}

impl Tickets for RedisTickets {
    fn put(&self, ticket: Ticket, now_s: u64) -> Coming<'_, Result<(), NotKept>> {
        Box::pin(Self::put(self, ticket, now_s))
    }

    fn get(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes> {
        Box::pin(self.read(key, now_s, false))
    }

    fn take(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes> {
        Box::pin(self.read(key, now_s, true))
    }
}
