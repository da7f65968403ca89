extension ElicitationPage {
    /// The other site to which a person is sent.
    package struct Destination: Sendable {
        package let destinationHost: PlainText
        package let destinationAddress: PlainText
        /// The name holds letters that look like others, in their encoded form.
        package let isEncoded: Bool
        /// The person has arrived there.
        package let isThere: Bool

        package init(host: String, address: String, isThere: Bool) {
            destinationHost = PlainText(host, limit: 261)
            destinationAddress = PlainText(address, limit: 2000)
            isEncoded = host.split(separator: ".").contains { $0.lowercased().hasPrefix("xn--") }
            self.isThere = isThere
        }
    }
}
