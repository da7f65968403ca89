import Glibc
import NIOCore

/// Resets a connection whose peer reads none of the waiting bytes, even if the peer keeps sending requests.
///
/// It runs on the event loop of the connection.
final class StallDetector {
    private let patience: TimeAmount
    private let channel: any Channel
    private var task: Scheduled<Void>?
    private var unsentBytes = Int.max
    private var lastProgress = NIODeadline.now()

    init(patience: TimeAmount, channel: any Channel) {
        self.patience = patience
        self.channel = channel
    }

    /// Starts watching: the peer reads more slowly than the server writes.
    func begin() {
        guard task == nil else { return }
        lastProgress = channel.eventLoop.now
        unsentBytes = .max
        scheduleCheck()
    }

    /// Stops watching: the peer has read enough.
    func end() {
        task?.cancel()
        task = nil
    }

    private func scheduleCheck() {
        let watch = NIOLoopBound(self, eventLoop: channel.eventLoop)
        task = channel.eventLoop.scheduleTask(in: .nanoseconds(patience.nanoseconds / 3)) { watch.value.check() }
    }

    /// Checks three times within the limit. A peer that reads a little between two checks is slow, but may stay.
    private func check() {
        task = nil
        let left = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? unsentBytes
        let now = channel.eventLoop.now
        if left < unsentBytes { lastProgress = now }
        unsentBytes = left
        guard now - lastProgress < patience else { return reset() }
        scheduleCheck()
    }

    /// Resets the connection. A normal close would leave the unsent bytes in the kernel for a peer that never reads them.
    private func reset() {
        let reset = linger(l_onoff: 1, l_linger: 0)
        guard let socket = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
        socket.setSoLinger(reset).whenComplete { [channel] _ in channel.close(promise: nil) }
    }
}
