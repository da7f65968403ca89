package import OAuth

/// Where a session that a device began was requested and approved.
package struct DeviceOrigin: Hashable, Sendable {
    /// When the device asked.
    package let requestedAt: Timestamp
    /// The IP address of the device; nil where the server did not learn it.
    package let requestedFrom: String?
    /// The IP address of the browser in which the user approved; nil where the server did not learn it.
    package let approvedFrom: String?

    /// An origin in its stored form.
    package init(requestedAt: Timestamp, requestedFrom: String?, approvedFrom: String?) {
        self.requestedAt = requestedAt
        self.requestedFrom = requestedFrom
        self.approvedFrom = approvedFrom
    }
}
