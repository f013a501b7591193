# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the connection options, shared by all modules that talk to a cluster."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of `module_utils/_module/connect.py:CONNECTION_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  # texts.yml: connection
  product:
    description:
      - The InfluxDB 3 product.
      - The default is V(clustered), unless O(profile) or O(config_path) points at a profile that says otherwise.
    type: str
    choices: [clustered, dedicated]
  host:
    description:
      - Name, address or URL of the Management API. V(https) is used unless the URL says V(http). A path in the URL is
        kept.
      - V(console.influxdata.com) is the default for O(product=dedicated).
      - A user or password in it is refused. Of plain C(http) to another machine the module warns, because the token can
        be read on the way.
      - If it isn't given, the environment variable E(INFLUXDB3_HOST) and then the profile count.
    type: str
  port:
    description:
      - Port of the Management API, 1 to 65535. It wins over a port in O(host).
      - The default is the scheme's, 443 or 80.
    type: int
  management_token:
    description:
      - The management token that authorizes the requests.
      - If it isn't given, the environment variable E(INFLUXDB3_MANAGEMENT_TOKEN) and then C(mgmt_token) of the profile
        count. Set the variable where C(ansible-playbook) is started. What a task sets with C(environment) is printed by
        Ansible itself at C(-vvv).
    type: str
  account_id:
    description:
      - The account. Required for O(product=dedicated).
      - For O(product=clustered) it is rarely needed. When it and O(cluster_id) are given, the URL form that names both
        is used at once; otherwise the module finds the right form by itself.
      - If it isn't given, the environment variable E(INFLUXDB3_ACCOUNT_ID) and then the profile count.
    type: str
  cluster_id:
    description:
      - The cluster. Required for O(product=dedicated).
      - If it isn't given, the environment variable E(INFLUXDB3_CLUSTER_ID) and then the profile count.
    type: str
  config_path:
    description:
      - Path of an influxctl C(config.toml) where the module runs. What neither the options nor the environment give is
        read from its profile O(profile).
      - If only O(profile) is given, influxctl's default path is used.
      - Of a profile with C(auth.token.token_file) and without C(mgmt_token), the token is read from that file, which
        must be named by an absolute path or begin with C(~). It holds the token alone, or a JSON object with an
        C(access_token). A profile that only has a login (C(auth.oauth2)) serves influxctl alone.
      - Of a Dedicated profile, C(host) and C(port) are not used, because they are those of the data plane.
    type: path
  profile:
    description:
      - Name of the profile in O(config_path).
      - The default is V(default) if O(config_path) is given; otherwise no profile is read.
    type: str
  validate_certs:
    description:
      - Whether the server's certificate is checked.
      - The default is V(true), unless the profile says C(insecure). Nothing but these two turns the check off.
    type: bool
  ca_path:
    description:
      - Path of a PEM file with the CA certificates to trust, and no others.
      - If it isn't given, the first of these counts - the environment variable E(INFLUXDB3_CA_PATH), C(tls.ca) of the
        profile, the environment variables E(SSL_CERT_FILE) and E(REQUESTS_CA_BUNDLE), and the store of the operating
        system, into which C(update-ca-certificates) or C(update-ca-trust) put a company's own CA. On a system without a
        store, it is the bundle of the Python library certifi.
      - Whoever gives this option, or E(INFLUXDB3_CA_PATH), has the certificate checked, even if the profile says
        C(insecure).
      - Where influxctl is run, it looks for the default by itself, in E(SSL_CERT_FILE) and in the system's store;
        E(REQUESTS_CA_BUNDLE) means nothing to it.
    type: path
  client_cert:
    description: Path of a PEM file with a client certificate, with its key unless O(client_key) is given.
    type: path
  client_key:
    description: Path of a PEM file with the key of O(client_cert).
    type: path
  timeout:
    description:
      - Seconds that an attempt to send a request may take to connect, and in which the whole answer must be there. For
        modules that run influxctl, the seconds that one run of the program may take. More than 0, and at most 86400, a
        day.
      - The default is V(60).
    type: float
  retries:
    description:
      - How often a request is sent again after a network fault or one of the answers 429, 502, 503 and 504, with
        growing pauses, or as long as the server asks for, but at most 60 seconds each.
      - What creates an object is only sent again where it provably had no effect. Of what modules do with influxctl,
        only lists are asked for again.
      - The default is V(4).
    type: int
  # texts.yml ends
notes:
  - The precedence is option, environment variable, profile. An empty text is nowhere a value - an option, a variable of
    the environment or a key of the profile that is empty counts as one that isn't given.
  - Files that the connection names are read where the module runs, as long as they are regular files of at most 4 MiB.
  - The action group C(influxops.influxdb3.all) sets these
    options once for all modules with C(module_defaults).
"""
