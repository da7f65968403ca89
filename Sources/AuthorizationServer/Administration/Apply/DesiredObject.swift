import JOSE
import OAuth

/// An object of a document to apply, read strictly: an unknown member is an error that names the nearest known one.
struct DesiredObject {
    private let object: JSONObject
    /// Where the object stands, such as `resources[0].policy`; empty for the document itself.
    let place: String

    init(_ object: JSONObject, at place: String, allowing known: [String]) throws(AdministrationError) {
        if let unknown = object.members.map(\.name).first(where: { !known.contains($0) }) {
            let nearest = NearestName.of(unknown, among: known) ?? ""
            throw AdministrationError(
                .invalid,
                "'\(place.isEmpty ? unknown : "\(place).\(unknown)")' is unknown. Did you mean '\(nearest)'?")
        }
        self.object = object
        self.place = place
    }

    /// Whether the member has a value.
    func has(_ name: String) -> Bool { object[name].map { $0 != .null } ?? false }

    /// A plain value as text; nil where it is not given.
    func text(_ name: String) throws(AdministrationError) -> String? {
        switch object[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .bool(let flag): return flag ? "yes" : "no"
        case .integer(let number): return "\(number)"
        case .number, .array, .object: throw invalid(name, "a single value")
        }
    }

    /// A value that must be given.
    func required(_ name: String) throws(AdministrationError) -> String {
        guard let text = try text(name), !text.isEmpty else {
            throw AdministrationError(.invalid, "\(place.isEmpty ? "The document" : "'\(place)'") lacks '\(name)'.")
        }
        return text
    }

    /// A value that is yes or no.
    func flag(_ name: String) throws(AdministrationError) -> Bool? {
        switch try text(name) {
        case nil: return nil
        case "yes", "true": return true
        case "no", "false": return false
        default: throw invalid(name, "yes or no")
        }
    }

    /// A list of plain values; nil where it is not given.
    func list(_ name: String) throws(AdministrationError) -> [String]? {
        switch object[name] {
        case nil, .null: return nil
        case .array(let elements):
            let texts = elements.compactMap(\.string)
            guard texts.count == elements.count else { throw invalid(name, "a list of plain values") }
            return texts
        default: throw invalid(name, "a list")
        }
    }

    /// An object; nil where it is not given.
    func object(_ name: String, allowing known: [String]) throws(AdministrationError) -> DesiredObject? {
        switch object[name] {
        case nil, .null: return nil
        case .object(let inner): return try DesiredObject(inner, at: inside(name), allowing: known)
        default: throw invalid(name, "an object")
        }
    }

    /// A list of objects; nil where it is not given.
    func objects(_ name: String, allowing known: [String]) throws(AdministrationError) -> [DesiredObject]? {
        switch object[name] {
        case nil, .null: return nil
        case .array(let elements):
            var objects: [DesiredObject] = []
            for (index, element) in elements.enumerated() {
                guard let inner = element.object else { throw invalid(name, "a list of objects") }
                objects.append(try DesiredObject(inner, at: "\(inside(name))[\(index)]", allowing: known))
            }
            return objects
        default: throw invalid(name, "a list of objects")
        }
    }

    /// The lists of an object whose members have any names, in their order; nil where it is not given.
    func lists(_ name: String) throws(AdministrationError) -> [(name: String, entries: [String])]? {
        guard let value = object[name], value != .null else { return nil }
        guard let inner = value.object else { throw invalid(name, "an object of lists") }
        let names = inner.members.map(\.name)
        let reader = try DesiredObject(inner, at: inside(name), allowing: names)
        var lists: [(name: String, entries: [String])] = []
        for name in names { lists.append((name, try reader.list(name) ?? [])) }
        return lists
    }

    private func inside(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

    private func invalid(_ name: String, _ form: String) -> AdministrationError {
        AdministrationError(.invalid, "'\(inside(name))' must be \(form).")
    }
}
