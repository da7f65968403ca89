import ArgumentParser
import OAuth

/// One flag of `clients add` for each requirement.
extension ClientRequirement: EnumerableFlag {
    static func name(for requirement: ClientRequirement) -> NameSpecification {
        switch requirement {
        case .pushedRequests: .customLong("require-par")
        case .boundTokens: .customLong("dpop")
        }
    }

    static func help(for requirement: ClientRequirement) -> ArgumentHelp? {
        switch requirement {
        case .pushedRequests: "Refuse authorization requests that the client does not push (PAR, RFC 9126)."
        case .boundTokens: "Bind every access token of the client to a key of the client (DPoP, RFC 9449)."
        }
    }
}
