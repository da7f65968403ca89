import HTTPTypes

/// Finds the door of a path, before anything else looks at the request.
struct RouteTable: Sendable {
    /// All that is served at one path, by one method or another.
    struct Place: Sendable {
        let template: String
        /// Whom the path is for; where a page and its form share it, both see the same errors and the same rules.
        let audience: Audience
        fileprivate(set) var routes: [HTTPRequest.Method: Route]

        func route(for method: HTTPRequest.Method) -> Route? {
            routes[method] ?? (method == .head && answersHead ? routes[.get] : nil)
        }

        /// The methods that are answered, in a stable order and as one text.
        var methods: String {
            (Array(routes.keys) + (answersHead ? [.head] : [])).map(\.rawValue).sorted().joined(separator: ", ")
        }

        private var answersHead: Bool { routes[.get]?.answersHead ?? false }
    }

    /// What the table has for one request.
    struct Found: Sendable {
        let place: Place
        /// Nil where the path is known but not by this method.
        let route: Route?
        /// What stands where the template has names.
        let parameters: [String: String]
    }

    private var fixed: [String: Place] = [:]
    private var patterns: [(segments: [Substring], place: Place)] = []

    /// Two routes of one method at one path are a fault of the program.
    init(_ routes: [Route]) {
        var places: [String: Place] = [:]
        for route in routes {
            var place =
                places[route.template] ?? Place(template: route.template, audience: route.audience, routes: [:])
            precondition(place.routes[route.method] == nil, "\(route.template) is in the table twice")
            precondition(place.audience.readsPages == route.audience.readsPages, "\(route.template) is for two")
            place.routes[route.method] = route
            places[route.template] = place
        }
        for place in places.values {
            if place.template.contains("{") {
                patterns.append((Self.split(place.template), place))
            } else {
                fixed[place.template] = place
            }
        }
    }

    /// The door of this path and method; a fixed path goes before a template that fits as well.
    func find(_ path: String, _ method: HTTPRequest.Method) -> Found? {
        if let place = fixed[path] { return Found(place: place, route: place.route(for: method), parameters: [:]) }
        let segments = Self.split(path)
        for (pattern, place) in patterns where pattern.count == segments.count {
            guard let parameters = Self.match(pattern, segments) else { continue }
            return Found(place: place, route: place.route(for: method), parameters: parameters)
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
