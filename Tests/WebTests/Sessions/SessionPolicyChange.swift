import AuthorizationServer

/// The settings of a policy for sessions, as an administrator types them.
struct SessionPolicyChange {
    var longest: String?
    var idle: String?
    var choices: [String]?
    var tokenLife: String?
    var service: String?
    var clientHosts: [String]?
    var allowsDevice: Bool?

    var policy: PolicyChange {
        var settings: [String: [String]] = [:]
        settings["longest_session"] = longest.map { [$0] }
        settings["idle_limit"] = idle.map { [$0] }
        settings["session_choices"] = choices
        settings["token_life"] = tokenLife.map { [$0] }
        settings["service_session"] = service.map { [$0] }
        settings["client_hosts"] = clientHosts
        settings["device_grant"] = allowsDevice.map { [$0 ? "yes" : "no"] }
        return PolicyChange(settings: settings)
    }
}
