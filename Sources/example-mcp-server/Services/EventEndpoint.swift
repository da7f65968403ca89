import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ResourceServer

/// The endpoint to which the authorization server pushes its events.
struct EventEndpoint {
    /// The largest accepted body in bytes; an event has about one kilobyte.
    static let maximumBody = 16 * 1024

    let receiver: EventReceiver

    /// Asks for a verification event now that the endpoint listens. A server that cannot ask works, but polls each elicitation.
    static func verify(_ receiver: EventReceiver?, _ logger: Logger) async {
        do throws(ElicitationError) {
            try await receiver?.requestVerification()
        } catch {
            logger.notice("The events endpoint could not be verified: \(error)")
        }
    }

    /// Passes the body to the library and returns its reply unchanged.
    func respond(to request: Request, context: some RequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.maximumBody)
        let reply = await receiver.receive(Array(body.readableBytesView), contentType: request.headers[.contentType])
        if let reason = reply.reason { context.logger.notice("Refused an event: \(reason)") }
        var fields = HTTPFields()
        for (name, value) in reply.fields {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return Response(
            status: .init(code: reply.status), headers: fields, body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}
