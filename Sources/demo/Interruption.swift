import Dispatch
import Foundation

/// Control-C, or whoever else asks the demo to end.
enum Interruption {
    /// Returns when it came, or when nobody waits for it any more.
    static func wait() async {
        let (arrivals, continuation) = AsyncStream<Void>.makeStream()
        let sources = [SIGINT, SIGTERM].map { number in
            // Otherwise the signal would end the process before anybody hears of it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        for await _ in arrivals { break }
        for source in sources { source.cancel() }
    }
}
