//! The scripts. Each touches keys of one slot. Numbers are written by
//! `string.format('%.0f', n)`: Lua shows large ones with an exponent.

use redis::{Cmd, cmd};

/// `EVAL` of a script with its keys; arguments follow.
pub(super) fn eval(script: &str, keys: &[String]) -> Cmd {
    let mut out = cmd("EVAL");
    out.arg(script).arg(keys.len());
    for key in keys {
        out.arg(key);
    }
    out
}

/// Puts a change at its place. Keys: head, log. Arguments: tree, the number of
/// planned changes that it rests on or nothing, `1` for a planned one, the sealed
/// change. Answers: 1 put, 0 others were planned, -1 another log or none, -2 the log
/// is being put back; then number and planned.
pub(super) const CHANGE: &str = r"
local tree = redis.call('HGET', KEYS[1], 'tree')
if tree ~= ARGV[1] then return {-1, 0, 0} end
if redis.call('HGET', KEYS[1], 'whole') ~= '1' then return {-2, 0, 0} end
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '0')
local planned = tonumber(redis.call('HGET', KEYS[1], 'planned') or '0')
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= planned then return {0, seq, planned} end
seq = seq + 1
if ARGV[3] == '1' then planned = planned + 1 end
redis.call('XADD', KEYS[2], string.format('%.0f-0', seq), 'd', ARGV[4])
redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq), 'planned', string.format('%.0f', planned))
return {1, seq, planned}
";

/// Sets how many changes were planned, where nothing came meanwhile. Keys: head.
/// Arguments: the number of changes, how many of them were planned.
pub(super) const PLANNED: &str = r"
if redis.call('HGET', KEYS[1], 'seq') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'planned', ARGV[2])
return 1
";

/// Puts changes back that the log lost, behind the one that was looked at. Keys: head,
/// log. Arguments: tree, the number of the first, then of each `1` for a planned one and
/// the sealed change. Where others came first nothing is put. Answers: the number of the
/// newest, or -1 for another log.
pub(super) const REPUBLISH: &str = r"
if redis.call('HGET', KEYS[1], 'tree') ~= ARGV[1] then return -1 end
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '0')
local planned = tonumber(redis.call('HGET', KEYS[1], 'planned') or '0')
if seq ~= tonumber(ARGV[2]) - 1 then return 0 end
for i = 3, #ARGV, 2 do
  seq = seq + 1
  if ARGV[i] == '1' then planned = planned + 1 end
  redis.call('XADD', KEYS[2], string.format('%.0f-0', seq), 'd', ARGV[i + 1])
end
redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq), 'planned', string.format('%.0f', planned))
return seq
";

/// Founds a log where there is none. Keys: head, log, back. Arguments: the tree of
/// changes, who it is of (sealed), the tree of the founder's decisions, the run of
/// Redis, `1` where a log was lost. Answers: 1 founded, 0 there is one.
pub(super) const FOUND: &str = r"
if redis.call('HEXISTS', KEYS[1], 'tree') == 1 then return 0 end
redis.call('DEL', KEYS[2], KEYS[3])
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
redis.call('HSET', KEYS[1], 'tree', ARGV[1], 'of', ARGV[2], 'by', ARGV[3], 'run', ARGV[4],
  'seq', '0', 'planned', '0', 'whole', '2', 'at', now)
if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'whole', '0', 'lost', now) end
return 1
";

/// Comes to a log. Keys: head. Arguments: the run of Redis, the number of changes
/// that the node has, `1` where it misses commits of its own. A log of another run
/// is put back by all nodes before any serves; one that is being founded (whole is 2)
/// is its founder's. Answers: 1 and number, planned,
/// whole, milliseconds since, when it lost something; 0 where there is none.
pub(super) const ARRIVE: &str = r"
if redis.call('HEXISTS', KEYS[1], 'tree') == 0 then return {0, 0, 0, '0', 0, '0'} end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local text = string.format('%.0f', now)
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '0')
local whole = redis.call('HGET', KEYS[1], 'whole')
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[1] then
  if whole ~= '2' then whole = '0' end
  redis.call('HSET', KEYS[1], 'run', ARGV[1], 'whole', whole, 'at', text)
end
if seq < tonumber(ARGV[2]) or ARGV[3] == '1' then
  if whole == '1' then redis.call('HSET', KEYS[1], 'whole', '0', 'at', text) end
  redis.call('HSET', KEYS[1], 'lost', text)
end
local at = tonumber(redis.call('HGET', KEYS[1], 'at') or '0')
return {1, seq, tonumber(redis.call('HGET', KEYS[1], 'planned') or '0'),
  redis.call('HGET', KEYS[1], 'whole') or '0', now - at,
  redis.call('HGET', KEYS[1], 'lost') or '0'}
";

/// The log is whole. Keys: head. Arguments: tree, the run of Redis. Answers: 1, or 0
/// where it is another's.
pub(super) const WHOLE: &str = r"
if redis.call('HGET', KEYS[1], 'tree') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'whole', '1')
return 1
";

/// A node's heartbeat. Keys: head, nodes, rows. Arguments: node, its row (sealed).
/// Answers: seconds, microseconds, tree, number, planned, whole, when it lost
/// something, all rows by node, and what was told under this name before.
pub(super) const BEAT: &str = r"
local before = redis.call('HGET', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', '512', '*', 'n', ARGV[1], 'd', ARGV[2])
local t = redis.call('TIME')
return {t[1], t[2], redis.call('HGET', KEYS[1], 'tree') or '',
  redis.call('HGET', KEYS[1], 'seq') or '0', redis.call('HGET', KEYS[1], 'planned') or '0',
  redis.call('HGET', KEYS[1], 'whole') or '0', redis.call('HGET', KEYS[1], 'lost') or '0',
  redis.call('HGETALL', KEYS[2]), before}
";

/// Takes a commit of a tree. Keys: its head, its log. Arguments: the index of the
/// first record, how many, the sealed frames, now (Unix milliseconds), most bytes,
/// before when commits go, the index at which a tree that is not there begins, the
/// process that sends it. Answers: 1 taken (or there), 0 not the next, -1 another process
/// has this tree; then the index that is next.
pub(super) const COMMIT: &str = r"
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[8] then return {-1, 0} end
local has = redis.call('HGET', KEYS[1], 'next')
local next = tonumber(has or ARGV[7])
local first, count = tonumber(ARGV[1]), tonumber(ARGV[2])
if first + count <= next and has then return {1, next} end
if first ~= next then return {0, next} end
next = first + count
redis.call('XADD', KEYS[2], string.format('%.0f-0', next), 'f', ARGV[1], 'd', ARGV[3], 't', ARGV[4])
local bytes = tonumber(redis.call('HGET', KEYS[1], 'bytes') or '0') + #ARGV[3]
for _ = 1, 4 do
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  if not oldest or oldest[1] == string.format('%.0f-0', next) then break end
  local fields = oldest[2]
  if bytes <= tonumber(ARGV[5]) and tonumber(fields[6]) >= tonumber(ARGV[6]) then break end
  bytes = bytes - #fields[4]
  redis.call('XDEL', KEYS[2], oldest[1])
end
redis.call('HSET', KEYS[1], 'next', string.format('%.0f', next), 'bytes', string.format('%.0f', bytes),
  'owner', ARGV[8])
return {1, next}
";

/// Takes a tree of decisions for a process. Keys: its head. Arguments: the process, `1`
/// for one that has just started. Answers: 1 it has it, 0 another has.
pub(super) const OWN: &str = r"
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] and ARGV[2] ~= '1' then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
return 1
";

/// Takes a mark. Keys: the mark. Arguments: the request's hash, this attempt,
/// milliseconds for which it counts. Answers: 1 taken, 0 somebody has it.
pub(super) const TAKE: &str = r"
local known = redis.call('GET', KEYS[1])
local mine = 'u' .. ARGV[1] .. ARGV[2]
if known and known ~= mine and known ~= 'f' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], mine, 'PX', ARGV[3])
return 1
";

/// A request failed with nothing obtained: the identical one may take its mark.
/// Keys: the mark. Arguments: the request's hash, and the attempt where only that one
/// is meant.
pub(super) const FAILED: &str = r"
local known = redis.call('GET', KEYS[1])
local mine = 'u' .. ARGV[1] .. (ARGV[2] or '')
if known and string.sub(known, 1, #mine) == mine then
  redis.call('SET', KEYS[1], 'f' .. ARGV[1], 'KEEPTTL')
end
return 1
";

/// Takes a use of a grant. Keys: its uses. Arguments: tree, how many there are, this
/// attempt, milliseconds for which it counts. Answers: 1 taken, 0 none is left.
pub(super) const USE: &str = r"
local all = redis.call('HGETALL', KEYS[1])
local sum, own = 0, 0
for i = 1, #all, 2 do
  local n = tonumber(string.match(all[i + 1], '^%d+'))
  sum = sum + n
  if all[i] == ARGV[1] then
    own = n
    if string.match(all[i + 1], '|(.*)$') == ARGV[3] then return 1 end
  end
end
if sum >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', own + 1) .. '|' .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
";

/// Gives a use of a grant back. Keys: its uses. Arguments: tree.
pub(super) const UNUSE: &str = r"
local known = redis.call('HGET', KEYS[1], ARGV[1])
local n = known and tonumber(string.match(known, '^%d+')) or 0
if n > 0 then redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', n - 1) .. '|') end
return 1
";

/// A tree has at least so many uses of a grant. Keys: its uses. Arguments: tree, how
/// many, milliseconds for which they count.
pub(super) const USED: &str = r"
local known = redis.call('HGET', KEYS[1], ARGV[1])
local n = known and tonumber(string.match(known, '^%d+')) or 0
if n < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. '|') end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
";

/// Sweeps tickets that are over and keeps one. Keys: tickets, ends, owners. Arguments:
/// now (Unix seconds), name, owner, sealed bytes, its end, how many one may have, how
/// many all, how many bytes all. Answers: 1 kept, 0 the name is taken, -1 the owner
/// has too many, -2 there are too many.
pub(super) const PUT_TICKET: &str = r"
local function remove(name)
  local known = redis.call('HGET', KEYS[1], name)
  if not known then return end
  local owner = string.sub(known, 1, 32)
  if redis.call('HINCRBY', KEYS[3], owner, -1) <= 0 then redis.call('HDEL', KEYS[3], owner) end
  redis.call('HINCRBY', KEYS[3], 'bytes', -tonumber(string.sub(known, 33, 40)))
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, 64)) do
  remove(name)
end
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1 then return 0 end
local size = tonumber(string.sub(ARGV[4], 33, 40))
local bytes = tonumber(redis.call('HGET', KEYS[3], 'bytes') or '0') + size
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[7]) or bytes > tonumber(ARGV[8]) then return -2 end
if tonumber(redis.call('HGET', KEYS[3], ARGV[3]) or '0') >= tonumber(ARGV[6]) then return -1 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[2])
redis.call('HINCRBY', KEYS[3], ARGV[3], 1)
redis.call('HINCRBY', KEYS[3], 'bytes', size)
return 1
";

/// A ticket that is not over; `take` removes it. Keys: tickets, ends, owners.
/// Arguments: now (Unix seconds), name, `1` to take it.
pub(super) const TICKET: &str = r"
local ends = redis.call('ZSCORE', KEYS[2], ARGV[2])
if not ends or tonumber(ends) <= tonumber(ARGV[1]) then return false end
local known = redis.call('HGET', KEYS[1], ARGV[2])
if known and ARGV[3] == '1' then
  local owner = string.sub(known, 1, 32)
  if redis.call('HINCRBY', KEYS[3], owner, -1) <= 0 then redis.call('HDEL', KEYS[3], owner) end
  redis.call('HINCRBY', KEYS[3], 'bytes', -tonumber(string.sub(known, 33, 40)))
  redis.call('HDEL', KEYS[1], ARGV[2])
  redis.call('ZREM', KEYS[2], ARGV[2])
end
return known
";

/// Keeps a lease. Keys: the lease. Arguments: who has it, milliseconds.
pub(super) const KEEP: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
";

/// Gives a lease back. Keys: the lease. Arguments: who has it.
pub(super) const GIVE_BACK: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// Takes a commit out that does not open. Keys: the log of its tree. Arguments: its id.
/// What comes next may have the id that it would have had.
pub(super) const TAKE_COMMIT_OUT: &str = r"
redis.call('XDEL', KEYS[1], ARGV[1])
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then redis.call('XSETID', KEYS[1], newest[1]) else redis.call('DEL', KEYS[1]) end
return 1
";

/// Takes an entry out of the log that no node folds. Nothing behind it was folded, so
/// what follows moves up. Keys: head, log. Arguments: tree, the number, how many of
/// those that stay are planned. Answers: how many followed, or -1 for another log.
pub(super) const TAKE_OUT: &str = r"
if redis.call('HGET', KEYS[1], 'tree') ~= ARGV[1] then return -1 end
local at = tonumber(ARGV[2])
local rest = redis.call('XRANGE', KEYS[2], string.format('%.0f-0', at), '+')
for _, entry in ipairs(rest) do redis.call('XDEL', KEYS[2], entry[1]) end
redis.call('XSETID', KEYS[2], string.format('%.0f-0', at - 1))
local moved = 0
for i = 2, #rest do
  redis.call('XADD', KEYS[2], string.format('%.0f-0', at + moved), unpack(rest[i][2]))
  moved = moved + 1
end
redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', at - 1 + moved), 'planned', ARGV[3])
return moved
";
