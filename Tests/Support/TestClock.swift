package import AuthorizationServer
package import OAuth
import Synchronization

/// A clock that stands still until a test moves it.
package final class TestClock: Sendable {
    private let seconds: Mutex<Int64>

    /// A clock that stands at `seconds`.
    package init(_ seconds: Int64 = 1_800_000_000) {
        self.seconds = Mutex(seconds)
    }

    /// The moment at which it stands.
    package var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }

    /// Moves the clock; a negative number moves it back.
    package func advance(by amount: Int64) {
        seconds.withLock { $0 += amount }
    }

    /// The clock as the server takes it.
    package var wall: WallClock { WallClock { self.now } }
}
