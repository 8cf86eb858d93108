"""A throw-away certificate authority and server certificates, made by the openssl program.

Everything is small (P-256) and valid for two days from now, so it costs a few milliseconds.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.peers.fetch import Server, Tls
from tests.peers.program import Done, environment, find, run

NAMES = ("IP:127.0.0.1", "DNS:localhost")
NAME = "localhost"  # fetchmail 6.4 refuses a certificate whose subject has no common name
DAYS = "2"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Authority:
    """A root certificate and its key, in PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and its key, in PEM files, and the authority that issued it."""

    certificate: Path
    key: Path
    authority: Authority


def openssl(folder: Path, *arguments: str, said: bytes = b"") -> Done:
    """Run openssl without the machine's configuration; a failure fails the test."""
    nothing = folder / "openssl.cnf"
    nothing.write_text("[req]\ndistinguished_name=dn\n[dn]\n", encoding="ascii")
    env = environment(folder, OPENSSL_CONF=str(nothing))
    done = run([find("openssl"), *arguments], env=env, cwd=folder, said=said)

    assert 0 == done.code, done.err.decode(errors="replace")

    return done


def make_authority(folder: Path, name: str = "Pillarbox test CA") -> Authority:
    """Make a root certificate in `folder`, which need not exist yet."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Authority(folder / "ca.pem", folder / "ca.key")
    openssl(
        folder,
        *("req", "-x509", *KEY, "-days", DAYS, "-subj", f"/CN={name}"),
        *("-keyout", str(made.key), "-out", str(made.certificate)),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-addext", "subjectKeyIdentifier=hash"),
    )
    return made


def issue(
    authority: Authority, folder: Path, names: tuple[str, ...] = NAMES, common_name: str = NAME
) -> Certificate:
    """Issue a server certificate for these subject alternative names, such as `IP:127.0.0.1`.

    An empty common name gives an empty subject, as newer profiles of public authorities do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / "server.pem", folder / "server.key", authority)
    request, extensions = folder / "server.csr", folder / "server.ext"
    subject = f"/CN={common_name}" if common_name else "/"
    openssl(
        folder,
        "req",
        "-new",
        *KEY,
        "-subj",
        subject,
        "-keyout",
        str(made.key),
        "-out",
        str(request),
    )
    critical = "" if common_name else "critical,"  # RFC 5280, section 4.2.1.6: no other name
    extensions.write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        f"subjectAltName={critical}{','.join(names)}\n",
        encoding="ascii",
    )
    openssl(
        folder,
        *("x509", "-req", "-in", str(request), "-days", DAYS, "-extfile", str(extensions)),
        *("-CA", str(authority.certificate), "-CAkey", str(authority.key), "-CAcreateserial"),
        *("-out", str(made.certificate)),
    )
    return made


def make_certificate(folder: Path) -> Certificate:
    """Make an authority and a certificate of it for 127.0.0.1 and localhost, all in `folder`."""
    return issue(make_authority(folder), folder)


def shake_hands(folder: Path, server: Server, *arguments: str) -> Done:
    """Run s_client, say QUIT and read to the end; its code is 0 where the handshake came off."""
    command = [
        *(find("openssl"), "s_client", "-connect", f"{server.host}:{server.port}"),
        *("-CAfile", str(server.authority), "-verify_return_error", "-ign_eof"),
        *(["-starttls", "pop3"] if server.tls is Tls.STLS else []),
        *arguments,
    ]
    return run(command, env=environment(folder), cwd=folder, said=b"QUIT\r\n")
