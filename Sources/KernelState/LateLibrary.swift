/// A C library as the node has it, opened when it is first needed and never closed: start-up pays nothing, and a node without it runs all
/// the rest.
public struct LateLibrary<Functions>: @unchecked Sendable {
    /// By their names in the library; written once, before anybody sees them.
    public let functions: Functions

    /// - Parameters:
    ///   - name: the shared object's file name, as dlopen(3) takes it.
    ///   - remedy: which package to install, or how to do without.
    ///   - functions: the table that is filled.
    ///   - open: opens the library and fills the table; nil, or why it could not, as dlerror(3) says.
    /// - Throws: an error with `remedy`.
    public init(
        _ name: String, remedy: String, filling functions: Functions, open: (inout Functions) -> UnsafePointer<CChar>?
    ) throws(KernelStateError) {
        var functions = functions
        if let problem = open(&functions) {
            throw KernelStateError(operation: "opening \(name)", cause: String(cString: problem), remedy: remedy)
        }
        self.functions = functions
    }
}
