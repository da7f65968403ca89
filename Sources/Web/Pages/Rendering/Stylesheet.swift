import HTTPTypes
import Hummingbird
import JOSE
import NIOCore

/// The stylesheet of all pages, which browsers cache and revalidate by its entity tag.
package struct Stylesheet: Sendable {
    /// The path below the issuer's path.
    package static let path = "/assets/gatehouse.css"

    package let text: String
    package let entityTag: String

    init(_ files: TemplateFiles) throws(TemplateError) {
        guard let text = files.texts[TemplateFiles.stylesheet] else {
            throw TemplateError("The stylesheet '\(TemplateFiles.stylesheet)' is missing, but every page needs it.")
        }
        self.text = text
        entityTag = "\"\(Digest.sha256(text).base64URL)\""
    }
}

extension Stylesheet {
    /// The stylesheet, or 304 if the browser's copy is current.
    func response(to request: Request) -> Response {
        let headers: HTTPFields = [.cacheControl: "no-cache", .eTag: entityTag]
        guard request.headers[.ifNoneMatch] != entityTag else {
            return Response(status: .notModified, headers: headers)
        }
        var response = Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        response.headers[.contentType] = "text/css; charset=utf-8"
        return response
    }
}
