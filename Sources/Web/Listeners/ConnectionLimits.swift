package import NIOCore

/// How long and how much a connection may make the server wait and hold.
package struct ConnectionLimits: Sendable {
    /// From the connection, or the first byte of a later request, to the end of the head.
    package var head: TimeAmount = .seconds(10)
    /// From the end of the head to the end of the body.
    package var body: TimeAmount = .seconds(15)
    /// From an answer to the next request.
    package var idle: TimeAmount = .seconds(60)
    /// How long a peer may take no byte of an answer that waits for it; nil where it may take its time.
    package var stall: TimeAmount? = .seconds(30)
    /// From an answer that is the connection's last to its end, for a peer that does not hang up by itself.
    package var farewell: TimeAmount = .seconds(2)
    /// One header field, with its name.
    package var fieldLength = 8 * 1024
    /// All header fields together.
    package var headLength = 32 * 1024
    package var fieldCount = 64
    /// A body may be longer than any handler accepts, so that the handler can say so; past this the connection ends.
    package var bodyLength = 1024 * 1024
    /// Connections to one listener at the same time.
    package var total = 4096
    /// Connections from one address, or one /64 network of IPv6, at the same time.
    package var perAddress = 256

    package init() {}

    /// The limits with what an operator decides of them; `stall` is in seconds.
    package init(total: Int, perAddress: Int, stall: Int64) {
        self.total = total
        self.perAddress = perAddress
        self.stall = .seconds(stall)
    }
}
