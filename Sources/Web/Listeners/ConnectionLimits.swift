package import NIOCore

/// How long and how much a connection may make the server wait and hold.
package struct ConnectionLimits: Sendable {
    /// From the connection, or the first byte of a later request, to the end of the head.
    package var head: TimeAmount = .seconds(10)
    /// From the end of the head to the end of the body.
    package var body: TimeAmount = .seconds(15)
    /// From an answer to the next request.
    package var idle: TimeAmount = .seconds(60)
    /// One header field, with its name.
    package var fieldLength = 8 * 1024
    /// All header fields together.
    package var headLength = 32 * 1024
    package var fieldCount = 64
    /// A body may be longer than any handler accepts, so that the handler can say so; past this the connection ends.
    package var bodyLength = 1024 * 1024

    package init() {}
}
