import AuthorizationServer

/// Where a session that a device began was requested and approved, as the account page shows it.
package struct DeviceAddresses: Sendable {
    /// The IP address of the device.
    package let requestedFrom: PlainText
    /// The IP address of the browser in which the user approved.
    package let approvedFrom: PlainText

    package init(requestedFrom: String?, approvedFrom: String?) {
        self.requestedFrom = PlainText(requestedFrom ?? "an unknown address", limit: 100)
        self.approvedFrom = PlainText(approvedFrom ?? "an unknown address", limit: 100)
    }

    init(_ device: AccountOverview.Device) {
        self.init(requestedFrom: device.requestedFrom, approvedFrom: device.approvedFrom)
    }
}
