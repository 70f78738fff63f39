#!/usr/bin/env python3
"""Checks the certificates of a Magam database without Magam: Python 3 with its standard library, and a database client.

    python3 audit_certificate.py mariadb --host=127.0.0.1 --user=auditor --password magam

What follows the script's name is the client's command line without its output options; `mysql` will do as well. Every certificate of format
magam-certificate/2 is recomputed from the tables as docs/certificate.md describes it. Prints one line for each difference. Exit code 0: none; 1: some.
Signatures are left to openssl, because Python's standard library has no Ed25519.
"""
import hashlib
import json
import subprocess
import sys

CLIENT = sys.argv[1:] + ["-N", "-B", "-r", "--default-character-set=utf8mb4"]
FIGURES = {
    "itemAmount": "e.item_amount", "sellerDiscount": "e.seller_discount", "platformDiscount": "e.platform_discount",
    "shippingFee": "e.shipping_fee", "buyerPaid": "l.buyer_paid", "feeBase": "l.fee_base", "fee": "l.fee", "feeVat": "l.fee_vat",
    "pgFee": "l.pg_fee", "pgFeeVat": "l.pg_fee_vat", "net": "l.net",
}
CONTROL = list(FIGURES)[:4]
REST = {
    "sale": "s.product_id, HEX(s.category), s.unit_price, s.ordered_on, s.occurred_on, IFNULL(s.import_id, '')",
    "refund": "e.original_on, e.original_id, e.prior_quantity, e.occurred_on, IFNULL(e.import_id, ''), HEX(e.reason)",
}
SALE_OF = {"sale": "e.settled_on AND s.entry_id = e.entry_id", "refund": "e.original_on AND s.entry_id = e.original_id"}
differences = 0


def query(sql):
    """The rows of a query, each a list of texts."""
    done = subprocess.run(CLIENT, input=sql.encode(), stdout=subprocess.PIPE, check=True)
    return [line.split("\t") for line in done.stdout.decode().split("\n")[:-1]]


def sha256_of(rows):
    return hashlib.sha256("".join("\t".join(row) + "\n" for row in rows).encode()).hexdigest()


def compare(where, what, certified, found):
    global differences
    if certified != found:
        differences += 1
        print(f"{where}: {what}: {certified} was certified, {found} is there")


def lines_of(leg, date, generation, after, through):
    """The canonical lines of a range, in the order of their ids."""
    amounts = list(FIGURES.values())
    mode = "JSON_UNQUOTE(JSON_EXTRACT(p.definition, '$.vat.mode'))"
    refund_id = "''" if leg == "sale" else "e.refund_id"
    return query(
        f"""SELECT l.entry_id, s.order_id, s.line_id, '{leg}', {refund_id}, l.seller_id, e.currency, e.quantity, {", ".join(amounts[:8])}, {mode},
            {", ".join(amounts[8:])}, p.code, p.version, {REST[leg]}
        FROM settlement_line l JOIN {leg}_entry e ON e.settled_on = l.settled_on AND e.entry_id = l.entry_id
        JOIN sale_entry s ON s.settled_on = {SALE_OF[leg]} JOIN fee_policy p ON p.policy_id = l.policy_id
        WHERE l.settled_on = '{date}' AND l.leg = {int(leg == "refund")} AND l.generation = {generation}
          AND l.entry_id > {after} AND l.entry_id <= {through} ORDER BY l.entry_id"""
    )


def parked_of(date, generation):
    """What was ever parked on the date, as it stood when the generation was certified."""
    rows = []
    for leg in ("sale", "refund"):
        refund_id = "''" if leg == "sale" else "e.refund_id"
        key = "p.settled_on = x.settled_on AND p.leg = x.leg AND p.entry_id = x.entry_id"
        rows += query(
            f"""SELECT '{leg}', x.entry_id, s.order_id, s.line_id, {refund_id}, s.seller_id, e.currency, e.quantity,
                e.item_amount, e.seller_discount, e.platform_discount, e.shipping_fee, {REST[leg]},
                x.generation, IFNULL(p.code, x.code), HEX(IFNULL(p.details, x.details)), IF(x.settled_generation <= {generation}, x.settled_generation, '')
            FROM settlement_exception x JOIN {leg}_entry e ON e.settled_on = x.settled_on AND e.entry_id = x.entry_id
            JOIN sale_entry s ON s.settled_on = {SALE_OF[leg]}
            LEFT JOIN settlement_exception_past p ON {key} AND p.until_generation = (SELECT MIN(q.until_generation)
              FROM settlement_exception_past q WHERE {key.replace("p.", "q.")} AND q.until_generation > {generation})
            WHERE x.settled_on = '{date}' AND x.leg = {int(leg == "refund")} AND x.generation <= {generation} ORDER BY x.entry_id"""
        )
    return rows


def policies_through(revision):
    return query(
        f"""SELECT p.policy_id, p.revision, p.code, p.version, p.currency, p.effective_from, IFNULL(p.effective_to, ''), p.definition,
            IFNULL(e.revision, ''), IFNULL(e.ends_on, ''), IFNULL(e.ended_by, '')
        FROM fee_policy p LEFT JOIN fee_policy_end e ON e.policy_id = p.policy_id AND e.revision <= {revision}
        WHERE p.revision <= {revision} ORDER BY p.policy_id"""
    )


def totals_of(lines):
    """The sums over canonical lines, per currency."""
    places = list(range(8, 16)) + list(range(17, 20))  # the mode of the VAT stands between them
    sums = {}
    for line in lines:
        one = sums.setdefault(line[6], {"currency": line[6], "sales": 0, "refunds": 0, **dict.fromkeys(FIGURES, 0)})
        one["sales" if line[3] == "sale" else "refunds"] += 1
        for name, place in zip(FIGURES, places):
            one[name] += int(line[place])
    return [{key: str(value) if key in FIGURES else value for key, value in sums[code].items()} for code in sorted(sums)]


def audit(body, where):
    """One certificate against the tables."""
    date, generation = body["date"], body["generation"]
    everything, hashes = [], ""
    for partition in body["partitions"]:
        of_partition = []
        for leg in ("sale", "refund"):
            certified = partition[leg + "s"]
            lines = lines_of(leg, date, generation, certified["after"], certified["through"])
            compare(where, f"partition {partition['number']}, lines of {leg}s", certified["lines"], len(lines))
            compare(where, f"partition {partition['number']}, {leg}s", certified["sha256"], sha256_of(lines))
            hashes += certified["sha256"] + "\n"
            of_partition += lines
        compare(where, f"partition {partition['number']}, totals", partition["totals"], totals_of(of_partition))
        everything += of_partition
    compare(where, "linesHash", body["linesHash"], hashlib.sha256(hashes.encode()).hexdigest())
    compare(where, "totals", body["totals"], totals_of(everything))
    wanted = ["currency", "sales", "refunds", *CONTROL]
    compare(where, "control", body["control"], [{key: one[key] for key in wanted} for one in totals_of(everything)])
    parked = parked_of(date, generation)
    compare(where, "parked", body["parked"], {"rows": len(parked), "sha256": sha256_of(parked)})
    compare(where, "exceptions", body["exceptions"], sum(row[-1] == "" for row in parked))
    policies = policies_through(body["policies"]["revision"])
    compare(where, "policies", [body["policies"]["rows"], body["policies"]["sha256"]], [len(policies), sha256_of(policies)])
    after = body["after"]
    if after is not None:
        links = query(
            f"""SELECT settled_on, generation, hash FROM settlement_certificate
            WHERE sequence BETWEEN {after["from"]} AND {body["sequence"] - 1} ORDER BY sequence"""
        )
        compare(where, "after", after["sha256"], sha256_of(links))
    if generation == 1:
        since = f" AND settled_on > '{body['previous']['date']}'" if body["previous"] else ""
        for table in ("sale_entry", "refund_entry", "settlement_line", "settlement_exception", "settlement"):
            [[rows]] = query(f"SELECT COUNT(*) FROM {table} WHERE settled_on < '{date}'{since}")
            compare(where, f"{table} of the empty dates before", "0", rows)


def main():
    hashes = {}
    certificates = query("SELECT sequence, settled_on, generation, hash, IFNULL(public_key, ''), body FROM settlement_certificate ORDER BY sequence")
    for place, (sequence, date, generation, certified, public_key, text) in enumerate(certificates, 1):
        where = f"certificate {sequence} ({date}, generation {generation})"
        compare(where, "number", place, int(sequence))
        compare(where, "hash", certified, hashlib.sha256(text.encode()).hexdigest())
        hashes[date, int(generation)] = certified
        body = json.loads(text)
        compare(where, "date", [date, int(generation)], [body["date"], body["generation"]])
        previous = body["previous"]
        if previous is not None:
            compare(where, "previous", previous["hash"], hashes.get((previous["date"], previous["generation"])))
        if body["format"] != "magam-certificate/2":
            print(f"{where} has an older format; only its hash and its links are looked at here")
            continue
        compare(where, "sequence", body["sequence"], int(sequence))
        compare(where, "signer", body["signer"] or "", public_key)
        audit(body, where)
    [[written]] = query("SELECT certificates FROM certificate_chain")
    compare("the chain", "certificates", int(written), len(certificates))
    print(f"{len(certificates)} certificates, {differences} differences")
    return 1 if differences else 0


sys.exit(main())
