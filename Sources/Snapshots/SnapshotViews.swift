/// The views by which people ask: names and addresses as text, places and times beside.
enum SnapshotViews {
    static let all = conntrackEntries + conntrackEvents + ipvsConnections + serviceBackends + connections

    /// The conntrack table, an entry a row; what a reply tuple does not say is its original's mirror.
    private static let conntrackEntries = """
        CREATE VIEW conntrack_entries AS
        SELECT places.sample, places.node, places.namespace, c.entry, \(entryColumns)
        FROM places JOIN readings ON readings.place = places.place AND readings.subject = 'conntrack'
        JOIN conntrack c ON c.entry BETWEEN readings.first_row AND readings.last_row
        LEFT JOIN conntrack_details d ON d.entry = c.entry
        \(entryNames);

        """

    /// What conntrack told between two samples; only `lost` has a number, and no entry, where events were dropped.
    private static let conntrackEvents = """
        CREATE VIEW conntrack_events AS
        SELECT places.sample, places.node, places.namespace, e.event, e.at, event_kinds.name AS kind, e.lost, \(entryColumns)
        FROM events e JOIN places ON places.place = e.place
        LEFT JOIN event_kinds ON event_kinds.kind = e.kind
        LEFT JOIN event_entries c ON c.entry = e.event
        LEFT JOIN event_details d ON d.entry = c.entry
        \(entryNames);

        """

    /// Columns of an entry `c` with details `d`.
    private static let entryColumns = """
            ifnull(protocols.name, c.protocol) AS protocol, conntrack_states.name AS state,
            (c.status & 2) = 0 AS unreplied, (c.status & 4) <> 0 AS assured, c.status,
            os.text AS original_source, iif(c.protocol IN (1, 58), NULL, c.original_source_port) AS original_source_port,
            od.text AS original_destination, iif(c.protocol IN (1, 58), NULL, c.original_destination_port) AS original_destination_port,
            rs.text AS reply_source,
            iif(c.protocol IN (1, 58), NULL, ifnull(c.reply_source_port, c.original_destination_port)) AS reply_source_port,
            rd.text AS reply_destination,
            iif(c.protocol IN (1, 58), NULL, ifnull(c.reply_destination_port, c.original_source_port)) AS reply_destination_port,
            iif(c.protocol IN (1, 58), c.original_destination_port >> 8, NULL) AS icmp_type,
            iif(c.protocol IN (1, 58), c.original_destination_port & 255, NULL) AS icmp_code,
            iif(c.protocol IN (1, 58), c.original_source_port, NULL) AS icmp_id,
            c.timeout, c.mark, c.zone, c.id, c.use,
            d.original_packets, d.original_bytes, d.reply_packets, d.reply_bytes, d.start, d.helper
        """

    /// The tables that give an entry's numbers their names.
    private static let entryNames = """
        LEFT JOIN protocols ON protocols.protocol = c.protocol
        LEFT JOIN conntrack_states ON conntrack_states.protocol = c.protocol AND conntrack_states.state = c.state
        LEFT JOIN addresses os ON os.address = c.original_source
        LEFT JOIN addresses od ON od.address = c.original_destination
        LEFT JOIN addresses rs ON rs.address = ifnull(c.reply_source, c.original_destination)
        LEFT JOIN addresses rd ON rd.address = ifnull(c.reply_destination, c.original_source)
        """

    private static let ipvsConnections = """
        CREATE VIEW ipvs_connections AS
        SELECT places.sample, places.node, places.namespace, i.entry, ifnull(protocols.name, i.protocol) AS protocol,
            ipvs_states.name AS state, i.expires, i.client_port = 0 AS template, i.ended IS NOT NULL AS ended,
            client.text AS client, i.client_port, service.text AS service, i.service_port, backend.text AS backend, i.backend_port
        FROM places JOIN readings ON readings.place = places.place AND readings.subject = 'ipvs'
        JOIN ipvs i ON i.entry BETWEEN readings.first_row AND readings.last_row
        LEFT JOIN protocols ON protocols.protocol = i.protocol
        LEFT JOIN ipvs_states ON ipvs_states.state = i.state
        LEFT JOIN addresses client ON client.address = i.client
        LEFT JOIN addresses service ON service.address = i.service
        LEFT JOIN addresses backend ON backend.address = i.backend;

        """

    private static let serviceBackends = """
        CREATE VIEW service_backends AS
        SELECT places.sample, places.node, places.namespace, ifnull(protocols.name, s.protocol) AS protocol, service.text AS service,
            s.port AS service_port, s.firewall_mark, s.scheduler, backend.text AS backend, b.port AS backend_port, b.weight,
            CASE b.forwarding WHEN 0 THEN 'Masq' WHEN 1 THEN 'Local' WHEN 2 THEN 'Tunnel' WHEN 3 THEN 'Route' ELSE 'Bypass' END AS forwarding,
            b.active_connections, b.inactive_connections, b.connections, b.inbound_packets, b.outbound_packets, b.inbound_bytes,
            b.outbound_bytes
        FROM places JOIN services s ON s.place = places.place
        LEFT JOIN backends b ON b.service = s.service
        LEFT JOIN protocols ON protocols.protocol = s.protocol
        LEFT JOIN addresses service ON service.address = s.address
        LEFT JOIN addresses backend ON backend.address = b.address;

        """

    /// Both tables joined as kstate joins them, but for entries that the backend began, which `kstate conn` alone turns round.
    private static let connections = """
        CREATE VIEW connections AS
        SELECT places.sample, places.node, places.namespace, ifnull(protocols.name, c.protocol) AS protocol,
            client.text AS client, iif(c.protocol IN (1, 58), NULL, c.original_source_port) AS client_port,
            iif(\(isTranslated), asked.text, NULL) AS service,
            iif(\(isTranslated) AND c.protocol NOT IN (1, 58), c.original_destination_port, NULL) AS service_port,
            backend.text AS backend,
            iif(c.protocol IN (1, 58), NULL, iif(\(isIPVSAlone), i.backend_port, ifnull(c.reply_source_port, c.original_destination_port)))
                AS backend_port,
            ipvs_states.name AS ipvs_state, i.expires, conntrack_states.name AS conntrack_state, (c.status & 2) = 0 AS unreplied,
            c.timeout, c.mark, c.zone
        FROM places JOIN readings ON readings.place = places.place AND readings.subject = 'conntrack'
        JOIN conntrack c ON c.entry BETWEEN readings.first_row AND readings.last_row
        LEFT JOIN readings ipvs_reading ON ipvs_reading.place = places.place AND ipvs_reading.subject = 'ipvs'
        LEFT JOIN ipvs i ON \(twin)
        LEFT JOIN protocols ON protocols.protocol = c.protocol
        LEFT JOIN conntrack_states ON conntrack_states.protocol = c.protocol AND conntrack_states.state = c.state
        LEFT JOIN ipvs_states ON ipvs_states.state = i.state
        LEFT JOIN addresses client ON client.address = c.original_source
        LEFT JOIN addresses asked ON asked.address = c.original_destination
        LEFT JOIN addresses backend ON backend.address = iif(\(isIPVSAlone), i.backend, ifnull(c.reply_source, c.original_destination))
        UNION ALL
        SELECT places.sample, places.node, places.namespace, ifnull(protocols.name, i.protocol),
            client.text, i.client_port, service.text, i.service_port, backend.text, i.backend_port,
            ipvs_states.name, i.expires, NULL, NULL, NULL, NULL, NULL
        FROM places JOIN readings ipvs_reading ON ipvs_reading.place = places.place AND ipvs_reading.subject = 'ipvs'
        JOIN ipvs i ON i.entry BETWEEN ipvs_reading.first_row AND ipvs_reading.last_row
        LEFT JOIN readings ON readings.place = places.place AND readings.subject = 'conntrack'
        LEFT JOIN conntrack c ON c.entry BETWEEN readings.first_row AND readings.last_row AND c.protocol = i.protocol
            AND c.original_source = i.client AND c.original_source_port = i.client_port
            AND c.original_destination = i.service AND c.original_destination_port = i.service_port
        LEFT JOIN protocols ON protocols.protocol = i.protocol
        LEFT JOIN ipvs_states ON ipvs_states.state = i.state
        LEFT JOIN addresses client ON client.address = i.client
        LEFT JOIN addresses service ON service.address = i.service
        LEFT JOIN addresses backend ON backend.address = i.backend
        WHERE c.entry IS NULL;
        """
    /// An IPVS row of the same protocol, client and service, in the same place.
    private static let twin = """
        i.entry BETWEEN ipvs_reading.first_row AND ipvs_reading.last_row AND i.protocol = c.protocol
            AND i.client = c.original_source AND i.client_port = c.original_source_port
            AND i.service = c.original_destination AND i.service_port = c.original_destination_port
        """
    private static let isTranslated = "(i.entry IS NOT NULL OR c.reply_source IS NOT NULL OR c.reply_source_port IS NOT NULL)"
    /// In direct-routing and tunnel mode conntrack sees no translation, and IPVS alone knows the backend.
    private static let isIPVSAlone = "(i.entry IS NOT NULL AND c.reply_source IS NULL AND c.reply_source_port IS NULL)"
}
