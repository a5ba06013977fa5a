internal import CLinux
internal import Glibc
public import KernelState

/// An open file of /proc that ends with its owner.
public struct KernelFile: ~Copyable {
    public let descriptor: Int32
    public let path: String

    /// - Throws: the errno of open(2): `ENOENT` when the kernel does not offer the file.
    public init(path: String) throws(KernelStateError) {
        let result = systemCall { Int(kst_open_read_only(path)) }
        guard result >= 0 else { throw KernelStateError(operation: "opening \(path)", errno: Int32(-result)) }
        self.descriptor = Int32(result)
        self.path = path
    }

    deinit { close(descriptor) }

    /// One read(2) from where the last one ended; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(KernelStateError) -> Int {
        let result = systemCall { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
        guard result >= 0 else { throw KernelStateError(operation: "reading \(path)", errno: Int32(-result)) }
        return result
    }

    /// The next read starts at the beginning again, and shows the kernel's state of that moment.
    public func rewind() {
        lseek(descriptor, 0, SEEK_SET)
    }

    /// The whole file from its beginning, as bytes.
    public func contents() throws(KernelStateError) -> [UInt8] {
        rewind()
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
        defer { chunk.deallocate() }
        while true {
            let count = try read(into: chunk)
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// The file's number, as a sysctl has one; nil for anything else. Cheap enough to be asked at every datagram of a dump.
    public func number() -> UInt64? {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { bytes in
            let count = systemCall { pread(descriptor, bytes.baseAddress, bytes.count, 0) }
            guard count > 0 else { return nil }
            var number: UInt64 = 0
            for byte in bytes[..<count] where byte != UInt8(ascii: "\n") {
                guard (0x30...0x39).contains(byte) else { return nil }
                number = number &* 10 &+ UInt64(byte &- 0x30)
            }
            return number
        }
    }

    /// The number that the file at `path` has; nil where there is no such file.
    public static func number(at path: String) -> UInt64? {
        (try? KernelFile(path: path))?.number()
    }
}

/// A directory of /proc or /run.
public enum KernelDirectory {
    /// The names in it but the hidden ones, in order; none where it cannot be read.
    public static func entries(of directory: String) -> [String] {
        let names = (try? DirectoryNames.all(in: directory)) ?? []
        return names.filter { !$0.hasPrefix(".") }
    }
}
