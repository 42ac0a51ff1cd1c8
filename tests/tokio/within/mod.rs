//! Bodies for which all ends must be in one process; the first lines of each file say why. All others are in `parity/`
//! and run across processes, too.

mod auto_traits;
mod blocking;
mod budget;
mod construct;
mod errors;
mod promised;
mod same;
mod signatures;
mod timeout;
mod traits;
mod wakers;
