package import NIOCore

/// The limits of time, size and number for the connections of a listener.
package struct ConnectionLimits: Sendable {
    /// The time from the connection, or from the first byte of a later request, to the end of the head.
    package var head: TimeAmount = .seconds(10)
    /// The time from the end of the head to the end of the body.
    package var body: TimeAmount = .seconds(15)
    /// The time from an answer to the next request.
    package var idle: TimeAmount = .seconds(60)
    /// The time for which a peer may read nothing while an answer waits; nil for no limit.
    package var stall: TimeAmount? = .seconds(30)
    /// The time from the last answer of a connection to its end, for a peer that does not close it.
    package var farewell: TimeAmount = .seconds(2)
    /// The size of one header field with its name, in bytes.
    package var fieldLength = 8 * 1024
    /// The size of all header fields together, in bytes.
    package var headLength = 32 * 1024
    /// The number of header fields.
    package var fieldCount = 64
    /// The size in bytes of a body at which the connection closes. It exceeds the limit of every route, so that the route can answer
    /// with an error first.
    package var bodyLength = 1024 * 1024
    /// The number of simultaneous connections to one listener.
    package var total = 4096
    /// The number of simultaneous connections from one IPv4 address or one /64 network of IPv6.
    package var perAddress = 256

    package init() {}

    /// The default limits with those that the operator configures; `stall` is in seconds.
    package init(total: Int, perAddress: Int, stall: Int64) {
        self.total = total
        self.perAddress = perAddress
        self.stall = .seconds(stall)
    }
}
