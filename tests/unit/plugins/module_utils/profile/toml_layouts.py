# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configs as people have them: the forms that InfluxData's documentation shows, and what grows of them.

In each, the profile `default` is the one that the tests edit; the names of the others differ.
"""

from __future__ import annotations

_CLUSTERED_COMPLETE = """\
## influxctl of the metrics cluster

[[profile]]
    ## Used unless --profile says otherwise
    name = "default"
    ## clustered or dedicated
    product = "clustered"
    host = "cluster.example.com"
    port = "8086"

    ## For queries and writes
    # database = "metrics"
    # token = "apiv1_example"

    ## Dedicated only
    # account_id = "11111111-1111-4111-8111-111111111111"
    # cluster_id = "22222222-2222-4222-8222-222222222222"

    [profile.tls]
        ## Trust any certificate
        insecure = false
        ## Plain HTTP
        disable = false
        cert = ""
        key = ""
        ca = ""

    [profile.auth.oauth2]
        client_id = "influxctl"
        scopes = [""]
        parameters = { audience = "" }
        token_url = "https://idp.example.com/token"
        device_url = "https://idp.example.com/device"
"""

_DEDICATED_COMPLETE = """\
## influxctl of Cloud Dedicated

[[profile]]
    name = "default"
    product = "dedicated"
    account_id = "11111111-1111-4111-8111-111111111111"
    cluster_id = "22222222-2222-4222-8222-222222222222"

    ## For queries and writes
    # host = "22222222.a.influxdb.example"
    # port = "443"
    # database = "metrics"
    # token = "apiv1_example"

    [profile.tls]
        insecure = false
        cert = ""
        key = ""
        ca = ""

    # [profile.auth.oauth2]
    #     client_id = ""
    #     scopes = [""]
"""

LAYOUTS: dict[str, str] = {
    "1 Clustered, complete and commented": _CLUSTERED_COMPLETE,
    "2 Dedicated, complete and commented": _DEDICATED_COMPLETE,
    "3 Clustered, getting started": """\
[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example.com"
  port = "8086"

[profile.auth.oauth2]
  client_id = "influxctl"
  scopes = [""]
  token_url = "https://idp.example.com/token"
  device_url = "https://idp.example.com/device"
""",
    "4 Dedicated, getting started": """\
[[profile]]
  name = "default"
  product = "dedicated"
  account_id = "11111111-1111-4111-8111-111111111111"
  cluster_id = "22222222-2222-4222-8222-222222222222"
  host = "22222222.a.influxdb.example"
""",
    "5 Clustered, management token": """\
[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example.com"
  port = "8086"
  mgmt_token = "M.V1.oldoldoldold"
""",
    "6 Dedicated, management token": """\
[[profile]]
  name = "default"
  product = "dedicated"
  account_id = "11111111-1111-4111-8111-111111111111"
  cluster_id = "22222222-2222-4222-8222-222222222222"
  mgmt_token = "M.V1.oldoldoldold"
""",
    "7 token file, beside others": """\
[[profile]]
  name = "people"
  product = "clustered"
  host = "cluster.example.com"
  [profile.auth.oauth2]
    client_id = "influxctl"

[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example.com"

  [profile.auth.token]
    token_file = "/etc/influxctl/admin-token"
""",
    "8 token file, test cluster": """\
[[profile]]
name = "default"
product = "clustered"
host = "test.example.com"
port = "8080"
[profile.auth.token]
token_file = "admin-token.json"
[profile.tls]
insecure = true
""",
    "9a Keycloak": """\
[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example.com"
  port = "443"

[profile.auth.oauth2]
  client_id = "influxctl"
  device_url = "https://keycloak.example.com/realms/influx/protocol/openid-connect/auth/device"
  token_url = "https://keycloak.example.com/realms/influx/protocol/openid-connect/token"
""",
    "9b Auth0, with the key that newer versions refuse": """\
[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example.com"
  port = "443"

[profile.auth.oauth2]
  client_id = "influxctl"
  client_secret = "hidden"
  device_url = "https://example.auth0.example/oauth/device/code"
  token_url = "https://example.auth0.example/oauth/token"
""",
    "9c Entra": """\
[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example.com"
  port = "443"

[profile.auth.oauth2]
  client_id = "33333333-3333-4333-8333-333333333333"
  scopes = ["33333333-3333-4333-8333-333333333333/.default"]
  device_url = "https://login.example.com/tenant/oauth2/v2.0/devicecode"
  token_url = "https://login.example.com/tenant/oauth2/v2.0/token"
""",
    "10 migrated from 1.x: several products": """\
# was: profile "prod"
[[profile]]
name = "default"
product = "dedicated"
account_id = "11111111-1111-4111-8111-111111111111"
cluster_id = "22222222-2222-4222-8222-222222222222"

# was: profile "stage"
[[profile]]
name = "stage"
product = "clustered"
host = "stage.example.com"
port = "443"

[profile.auth.oauth2]
client_id = "influxctl"
""",
    "11 fragment, only what a release note shows": """\
[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example.com"
  [profile.auth.token]
    token_file = "/path/to/token"
""",
    "12 Windows line ends": _CLUSTERED_COMPLETE.replace("\n", "\r\n"),
    "13 no line end at the end": """\
[[profile]]
name = 'other'
product = 'clustered'
host = 'other.example.com'

[[profile]]
name = 'default'
product = 'clustered'
host = 'cluster.example.com'
mgmt_token = 'M.V1.oldoldoldold'""",
    "14 dotted keys and inline tables": """\
[[profile]]
name = "default" # the one
product = "clustered"
host = "cluster.example.com"
tls.insecure = true
tls.ca = "/etc/ssl/ca.pem"   # ours
auth = { oauth2 = { client_id = "influxctl", scopes = [
  "openid",
] } }

[[profile]]
name = "second"
product = "clustered"
host = "second.example.com"
tls = { disable = true }
""",
    "15 a tool's own tables around": """\
# Managed by hand. Ask ops before you touch it!
title = "influxctl"

[site]
motd = \"\"\"
[[profile]]
name = "not a profile"
\"\"\"

[[profile]]
"name" = "default"
product = "clustered"
host = "cluster.example.com"
x-owner = "ops"

[site.contact]
mail = "ops@example.com"

[[profile]] # for the reports
name = "reports"
product = "clustered"
host = "reports.example.com"
token = "apiv1_kept"

[[site.window]]
day = 2026-11-24
from = 01:40:00
""",
    "16 many profiles, tabs, blank lines": "\n\n".join(
        f'\t[[profile]]\n\tname\t= "{name}"\n\tproduct\t= "clustered"\n\thost\t= "{name}.example.com"\n\n\t# tls\n'
        f'\t[profile.tls]\n\tca\t= "/etc/ssl/{name}.pem"\n'
        for name in ("alpha", "default", "omega")
    ),
    "17 a banner between profiles": """\
# influxctl
[[profile]]
name = "default"
product = "clustered"
host = "test.example.com"
# host = "old.example.com"

############################################
# PRODUCTION: ask ops before you touch it
############################################

# the cluster that everybody uses
[[profile]]
name = "production"
product = "clustered"
host = "cluster.example.com"

# [[profile]]
# name = "spare"   # for a failover
""",
}
