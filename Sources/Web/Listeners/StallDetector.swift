import Glibc
import NIOCore

/// Cuts a connection whose peer takes no byte of what waits for it, however often it asks for more.
final class StallDetector {
    private let patience: TimeAmount
    private let channel: any Channel
    private var task: Scheduled<Void>?
    private var waiting = Int.max
    private var since = NIODeadline.now()

    init(patience: TimeAmount, channel: any Channel) {
        self.patience = patience
        self.channel = channel
    }

    /// The peer takes less than it is sent.
    func begin() {
        guard task == nil else { return }
        since = channel.eventLoop.now
        waiting = .max
        next()
    }

    /// It has taken enough.
    func end() {
        task?.cancel()
        task = nil
    }

    private func next() {
        let watch = NIOLoopBound(self, eventLoop: channel.eventLoop)
        task = channel.eventLoop.scheduleTask(in: .nanoseconds(patience.nanoseconds / 3)) { watch.value.look() }
    }

    /// Looks three times in the time that is allowed: a peer that takes little at a time is slow, and stays.
    private func look() {
        task = nil
        let left = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? waiting
        let now = channel.eventLoop.now
        if left < waiting { since = now }
        waiting = left
        guard now - since < patience else { return cut() }
        next()
    }

    /// Without the reset the system would keep what is unsent for a peer that never takes it.
    private func cut() {
        let reset = linger(l_onoff: 1, l_linger: 0)
        guard let socket = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
        socket.setSoLinger(reset).whenComplete { [channel] _ in channel.close(promise: nil) }
    }
}
