/// The token endpoint knows no grant, and `grant_type` is looked at in one place.
enum GrantRule {
    static let folder = "Sources/AuthorizationServer/Token/Grants/"
    /// Where the list of grants is written.
    static let list = "Sources/AuthorizationServer/Gatehouse.swift"
    static let endpoint = "Sources/AuthorizationServer/Token/TokenEndpoint.swift"

    /// Every mention of a concrete grant beside its own file and the list, and every look at `grant_type` beside the endpoint's.
    static func violations(in files: [RepositoryFile]) -> [String] {
        let grants = files.filter {
            $0.path.hasPrefix(folder) && $0.baseName.hasSuffix("Grant") && $0.baseName != "Grant"
        }
        return files.flatMap { file in
            let code = SwiftText(file.text).code
            var found: [String] = []
            for grant in grants where grant.path != file.path && file.path != list && code.contains(grant.baseName) {
                found.append("\(file.path): names \(grant.baseName), which its own file and the list alone may")
            }
            if file.path != endpoint, code.contains("(.grantType)") {
                found.append("\(file.path): looks at grant_type")
            }
            return found
        }
    }
}
