/// Every rule there is, what hurts most first.
enum RuleBook {
    /// Fresh rules for one examination.
    static func rules() -> [any Rule] {
        [
            NoBackends(), SilentBackend(), OverlayChecksum(), TableFull(), InsertRace(), StaleTCP(), StaleUDP(), AddressReused(),
            UDPWithoutDNAT(), PinnedUDP(), DeadConnections(), Draining(), QuiescentTemplate(), ReusePinsDead(), WeightZeroReady(),
            PortReuse(), TimeoutBelowKeepalive(), InvalidPackets(), NotrackBypassed(), NoTwinMasquerade(), Hairpin(), DeDNATCollision(),
            NodePortClash(), TablesDisagree(), WrongNamespace(), Zones(), ReplicasOnOneNode(), ResolverList(),
        ]
    }
}
