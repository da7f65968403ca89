import HTTPTypes

/// Finds the route of a request by path and method, before any check runs.
struct RouteTable: Sendable {
    /// All routes of one path, by method.
    struct ServedPath: Sendable {
        let template: String
        /// The audience of the path. A page and its form may share a path, since both have the same format of errors.
        let audience: Audience
        fileprivate(set) var routes: [HTTPRequest.Method: Route]

        func route(for method: HTTPRequest.Method) -> Route? {
            routes[method] ?? (method == .head && answersHead ? routes[.get] : nil)
        }

        /// The value of `Allow`: all methods of the path in alphabetical order.
        var methods: String {
            (Array(routes.keys) + (answersHead ? [.head] : [])).map(\.rawValue).sorted().joined(separator: ", ")
        }

        private var answersHead: Bool { routes[.get]?.answersHead ?? false }
    }

    /// The route of one request.
    struct Match: Sendable {
        let path: ServedPath
        /// Nil if the path exists but does not support the method.
        let route: Route?
        /// The variable segments of the path by their names in the template.
        let parameters: [String: String]
    }

    private var fixed: [String: ServedPath] = [:]
    private var patterns: [(segments: [Substring], path: ServedPath)] = []

    /// Builds the table. Two routes with one path and method are a programming error and stop the program.
    init(_ routes: [Route]) {
        var paths: [String: ServedPath] = [:]
        for route in routes {
            var served =
                paths[route.template] ?? ServedPath(template: route.template, audience: route.audience, routes: [:])
            precondition(served.routes[route.method] == nil, "\(route.template) is in the table twice")
            precondition(served.audience.readsPages == route.audience.readsPages, "\(route.template) has two audiences")
            served.routes[route.method] = route
            paths[route.template] = served
        }
        for served in paths.values {
            if served.template.contains("{") {
                patterns.append((Self.split(served.template), served))
            } else {
                fixed[served.template] = served
            }
        }
    }

    /// The match of this path and method; a fixed path takes precedence over a template.
    func find(_ path: String, _ method: HTTPRequest.Method) -> Match? {
        if let served = fixed[path] { return Match(path: served, route: served.route(for: method), parameters: [:]) }
        let segments = Self.split(path)
        for (pattern, served) in patterns where pattern.count == segments.count {
            guard let parameters = Self.match(pattern, segments) else { continue }
            return Match(path: served, route: served.route(for: method), parameters: parameters)
        }
        return nil
    }

    private static func match(_ pattern: [Substring], _ segments: [Substring]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (expected, segment) in zip(pattern, segments) {
            if expected.first == "{" {
                guard !segment.isEmpty else { return nil }
                parameters[String(expected.dropFirst().dropLast())] = String(segment)
            } else if expected != segment {
                return nil
            }
        }
        return parameters
    }

    private static func split(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }
}
