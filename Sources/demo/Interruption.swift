import Dispatch
import Foundation

/// The signals that end the demo: SIGINT (Control-C) and SIGTERM.
enum Interruption {
    /// Returns when a signal has arrived or the task is cancelled.
    static func wait() async {
        let (arrivals, continuation) = AsyncStream<Void>.makeStream()
        let sources = [SIGINT, SIGTERM].map { number in
            // The default action would end the process before the demo removes its folder and programs.
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
