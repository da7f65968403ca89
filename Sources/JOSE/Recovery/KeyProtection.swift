/// Another passphrase for a keys folder, a first one, or none.
///
/// All keys are written anew beside the present files, then the index exchanges them at once. A kill in between leaves a folder
/// that opens with the old passphrase or with the new one, and the next opening removes the old files.
package enum KeyProtection {
    /// Encrypts the keys of a folder with `new`, or not at all for nil; returns the number of keys. No process may use the folder.
    @discardableResult
    package static func change(
        of folder: String, from old: Secret?, to new: Secret?, now: Int64
    ) throws(KeyRingError) -> Int {
        let directory = try KeyDirectory(folder, create: false)
        var present = try KeyVault(directory, old)
        guard try !present.isEmpty() else {
            throw KeyRingError("No keys found in \(directory.path): nothing was changed.")
        }
        var state = try present.open(now)
        state.forgetRetired()
        var next = try KeyVault(directory, new)
        next.generation = present.generation + 1
        try next.removeFiles { $0 > present.generation }
        try next.save(all: state)
        try directory.write(KeyIndex.file, next.index(state).bytes)
        try next.removeFiles { $0 < next.generation }
        return state.signing.count + state.secrets.count
    }
}
