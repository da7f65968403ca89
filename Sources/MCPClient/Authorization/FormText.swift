import OAuth

/// Writes fields as `application/x-www-form-urlencoded`, for bodies and queries.
package enum FormText {
    /// The media type of a body.
    package static let mediaType = "application/x-www-form-urlencoded"

    /// The text of the fields in their order.
    package static func encode(_ fields: [(String, String)]) -> String {
        fields.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
    }
}
