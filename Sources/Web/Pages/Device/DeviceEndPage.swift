/// The page that ends the request of a device in the browser; the device learns of the decision by itself.
package struct DeviceEndPage: Page {
    package static let template = "device-end"

    /// How the request ended.
    package enum End: Sendable {
        case approved, denied, expired
    }

    package let title: PlainText
    package let explanation: PlainText
    /// Whether the device gets its tokens.
    package let isApproved: Bool

    package init(_ end: End) {
        isApproved = end == .approved
        switch end {
        case .approved:
            title = "Access approved"
            explanation = "Return to your device. It continues within a few seconds."
        case .denied:
            title = "Access denied"
            explanation = "The device gets no access."
        case .expired:
            title = "Code expired"
            explanation = "The code of the device has expired. Nothing was approved."
        }
    }

    package static let sample = DeviceEndPage(.approved)
}
