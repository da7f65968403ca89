package import Hummingbird

/// Turns every error that a handler or a check throws into its answer.
package struct ErrorCatcher: RouterMiddleware {
    package typealias Context = WebContext

    private let answers: ErrorAnswers

    package init(answers: ErrorAnswers) {
        self.answers = answers
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return answers.response(to: error, request: request, context: context)
        }
    }
}

/// The error catcher of the listeners for operators and administrators, whose handlers throw only refusals.
struct PlainErrorCatcher: RouterMiddleware {
    typealias Context = WebContext

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            return ErrorAnswers.json(refusal)
        }
    }
}
