/// The code with which a device asks for its tokens.
///
/// Spec: RFC 8628 §3.2
package typealias DeviceCode = GeneratedCredential<DeviceCodeUse>

/// The use of `DeviceCode`.
package enum DeviceCodeUse: CredentialUse {
    package static let prefix = "gate_d_"
}
