package import OAuth

/// The content of the page with the field for a code.
package struct DeviceEntry: Sendable {
    /// What the field contains: the code of a link, or what the user typed.
    package let code: String?
    /// The account that would decide, so that the user notices a wrong one.
    package let username: String
    /// The value that the form has to bring back.
    package let token: String
}

/// The content of the page that shows who asks and from where; nothing in it comes from the browser.
package struct DeviceReview: Sendable {
    /// The device with the code that it shows.
    package let device: WaitingDevice
    /// The client on the device.
    package let client: ShownClient
    /// The registered name of the MCP server.
    package let resourceName: String
    /// The MCP server's URL.
    package let resource: ResourceIdentifier
    /// The account that would decide.
    package let username: String
    /// The value that the form has to bring back.
    package let token: String
}
