/work/wt-int/lt/loom/release/deps/shmpsc-395c689fc794068f.d: src/lib.rs src/layout/mod.rs src/layout/attach.rs src/layout/common.rs src/layout/geometry.rs src/layout/ring.rs src/layout/slot.rs src/layout/table.rs src/queue/mod.rs src/queue/common/mod.rs src/queue/common/bell.rs src/queue/common/copy.rs src/queue/common/edge.rs src/queue/common/fences.rs src/queue/common/handles.rs src/queue/common/nonsense.rs src/queue/common/payload.rs src/queue/common/take.rs src/queue/common/words.rs src/queue/ring/mod.rs src/queue/ring/account.rs src/queue/ring/close.rs src/queue/ring/nonsense.rs src/queue/ring/permits.rs src/queue/ring/position.rs src/queue/ring/quarantine.rs src/queue/ring/recovery.rs src/queue/ring/repair.rs src/queue/ring/room.rs src/queue/ring/send.rs src/queue/ring/take.rs src/queue/ring/waiting/mod.rs src/queue/ring/waiting/place.rs src/queue/ring/waiting/promise.rs src/queue/ring/waiting/ranking.rs src/queue/ring/waiting/walk.rs src/queue/ring/words.rs src/queue/table/mod.rs src/queue/table/chunks.rs src/queue/table/close.rs src/queue/table/grow.rs src/queue/table/nonsense.rs src/queue/table/records.rs src/queue/table/repair.rs src/queue/table/send.rs src/queue/table/stalled.rs src/queue/table/take.rs src/queue/table/words.rs src/sync.rs src/wait/mod.rs src/wait/backlog.rs src/wait/signal.rs src/docs/links.md src/../README.md

/work/wt-int/lt/loom/release/deps/libshmpsc-395c689fc794068f.rlib: src/lib.rs src/layout/mod.rs src/layout/attach.rs src/layout/common.rs src/layout/geometry.rs src/layout/ring.rs src/layout/slot.rs src/layout/table.rs src/queue/mod.rs src/queue/common/mod.rs src/queue/common/bell.rs src/queue/common/copy.rs src/queue/common/edge.rs src/queue/common/fences.rs src/queue/common/handles.rs src/queue/common/nonsense.rs src/queue/common/payload.rs src/queue/common/take.rs src/queue/common/words.rs src/queue/ring/mod.rs src/queue/ring/account.rs src/queue/ring/close.rs src/queue/ring/nonsense.rs src/queue/ring/permits.rs src/queue/ring/position.rs src/queue/ring/quarantine.rs src/queue/ring/recovery.rs src/queue/ring/repair.rs src/queue/ring/room.rs src/queue/ring/send.rs src/queue/ring/take.rs src/queue/ring/waiting/mod.rs src/queue/ring/waiting/place.rs src/queue/ring/waiting/promise.rs src/queue/ring/waiting/ranking.rs src/queue/ring/waiting/walk.rs src/queue/ring/words.rs src/queue/table/mod.rs src/queue/table/chunks.rs src/queue/table/close.rs src/queue/table/grow.rs src/queue/table/nonsense.rs src/queue/table/records.rs src/queue/table/repair.rs src/queue/table/send.rs src/queue/table/stalled.rs src/queue/table/take.rs src/queue/table/words.rs src/sync.rs src/wait/mod.rs src/wait/backlog.rs src/wait/signal.rs src/docs/links.md src/../README.md

/work/wt-int/lt/loom/release/deps/libshmpsc-395c689fc794068f.rmeta: src/lib.rs src/layout/mod.rs src/layout/attach.rs src/layout/common.rs src/layout/geometry.rs src/layout/ring.rs src/layout/slot.rs src/layout/table.rs src/queue/mod.rs src/queue/common/mod.rs src/queue/common/bell.rs src/queue/common/copy.rs src/queue/common/edge.rs src/queue/common/fences.rs src/queue/common/handles.rs src/queue/common/nonsense.rs src/queue/common/payload.rs src/queue/common/take.rs src/queue/common/words.rs src/queue/ring/mod.rs src/queue/ring/account.rs src/queue/ring/close.rs src/queue/ring/nonsense.rs src/queue/ring/permits.rs src/queue/ring/position.rs src/queue/ring/quarantine.rs src/queue/ring/recovery.rs src/queue/ring/repair.rs src/queue/ring/room.rs src/queue/ring/send.rs src/queue/ring/take.rs src/queue/ring/waiting/mod.rs src/queue/ring/waiting/place.rs src/queue/ring/waiting/promise.rs src/queue/ring/waiting/ranking.rs src/queue/ring/waiting/walk.rs src/queue/ring/words.rs src/queue/table/mod.rs src/queue/table/chunks.rs src/queue/table/close.rs src/queue/table/grow.rs src/queue/table/nonsense.rs src/queue/table/records.rs src/queue/table/repair.rs src/queue/table/send.rs src/queue/table/stalled.rs src/queue/table/take.rs src/queue/table/words.rs src/sync.rs src/wait/mod.rs src/wait/backlog.rs src/wait/signal.rs src/docs/links.md src/../README.md

src/lib.rs:
src/layout/mod.rs:
src/layout/attach.rs:
src/layout/common.rs:
src/layout/geometry.rs:
src/layout/ring.rs:
src/layout/slot.rs:
src/layout/table.rs:
src/queue/mod.rs:
src/queue/common/mod.rs:
src/queue/common/bell.rs:
src/queue/common/copy.rs:
src/queue/common/edge.rs:
src/queue/common/fences.rs:
src/queue/common/handles.rs:
src/queue/common/nonsense.rs:
src/queue/common/payload.rs:
src/queue/common/take.rs:
src/queue/common/words.rs:
src/queue/ring/mod.rs:
src/queue/ring/account.rs:
src/queue/ring/close.rs:
src/queue/ring/nonsense.rs:
src/queue/ring/permits.rs:
src/queue/ring/position.rs:
src/queue/ring/quarantine.rs:
src/queue/ring/recovery.rs:
src/queue/ring/repair.rs:
src/queue/ring/room.rs:
src/queue/ring/send.rs:
src/queue/ring/take.rs:
src/queue/ring/waiting/mod.rs:
src/queue/ring/waiting/place.rs:
src/queue/ring/waiting/promise.rs:
src/queue/ring/waiting/ranking.rs:
src/queue/ring/waiting/walk.rs:
src/queue/ring/words.rs:
src/queue/table/mod.rs:
src/queue/table/chunks.rs:
src/queue/table/close.rs:
src/queue/table/grow.rs:
src/queue/table/nonsense.rs:
src/queue/table/records.rs:
src/queue/table/repair.rs:
src/queue/table/send.rs:
src/queue/table/stalled.rs:
src/queue/table/take.rs:
src/queue/table/words.rs:
src/sync.rs:
src/wait/mod.rs:
src/wait/backlog.rs:
src/wait/signal.rs:
src/docs/links.md:
src/../README.md:
