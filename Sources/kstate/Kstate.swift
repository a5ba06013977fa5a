import ArgumentParser
import Glibc
import KernelState

@main
struct Kstate: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "kstate",
        abstract: "The kernel's own view of service traffic on this node.",
        discussion: """
            kstate reads the conntrack and IPVS tables, joins their entries into connections - client, service, backend, with \
            the state that each table holds - and changes nothing.

            Exit status: 0 done, 1 what was asked could not be read, or not completely, 2 bad usage, 3 `doctor` found something wrong.
            """,
        version: version,
        subcommands: [ConnCommand.self, ServiceCommand.self, DoctorCommand.self, SnapshotCommand.self, RecordCommand.self])

    /// Parses and runs. ArgumentParser's own exit status for bad usage is 64; kstate's is 2, as other command-line tools'.
    static func main() {
        ignoreBrokenPipes()
        raiseFileLimit()
        do {
            try checkProc()
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as ExitStatus {
            Glibc.exit(failure.code)
        } catch let failure as KernelStateError {
            printError("kstate: \(failure)")
            Glibc.exit(ExitStatus.unreadable.code)
        } catch {
            let code = exitCode(for: error)
            if code == .success { exit(withError: error) }
            printError(fullMessage(for: error))
            Glibc.exit(code == .validationFailure ? 2 : 1)
        }
    }

    /// Without /proc Swift's runtime has no arguments, and whatever was asked for would get the help's text.
    private static func checkProc() throws(KernelStateError) {
        guard CommandLine.arguments.isEmpty else { return }
        throw KernelStateError(operation: "reading the command line", cause: "/proc is not mounted", remedy: "mount -t proc proc /proc")
    }
}
