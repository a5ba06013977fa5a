/// Every rule there is.
public enum RuleBook {
    /// Fresh rules for one examination.
    public static func rules() -> [any Rule] {
        [
            SilentBackend(), TableFull(), InsertRace(), NoBackends(), StaleTCP(), StaleUDP(), UDPWithoutDNAT(), PinnedUDP(), AddressReused(),
        ]
    }
}
