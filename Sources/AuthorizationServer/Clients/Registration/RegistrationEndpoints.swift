import OAuth

extension Gatehouse {
    /// `/register`.
    package var registration: RegistrationEndpoint {
        RegistrationEndpoint(
            mode: settings.clients.registration, issuer: settings.issuer, store: store, limit: registrations,
            clock: clock, observer: observer)
    }

    /// `/register/{id}`.
    package var registrationManagement: RegistrationManagement {
        RegistrationManagement(
            mode: settings.clients.registration, issuer: settings.issuer, store: store, limit: registrations,
            changes: registrationChanges, clock: clock, observer: observer)
    }
}
