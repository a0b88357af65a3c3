# Takes a token and takes it back, with Authlib, and checks one offline by the key set.
import os

from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
import requests

server = os.environ["SERVER"]
key, secret = os.environ["APIKEY_ACCESS_KEY"], os.environ["APIKEY_ACCESS_SECRET"]
resource = (os.environ["RESOURCE_NAME"], os.environ["RESOURCE_SECRET"])

for method in ("client_secret_basic", "client_secret_post"):
    client = OAuth2Session(key, secret, token_endpoint_auth_method=method, revocation_endpoint_auth_method=method)
    token = client.fetch_token(server + "/token", grant_type="client_credentials")
    assert token["token_type"] == "Bearer" and token["expires_in"] == 3600, token

    keys = JsonWebKey.import_key_set(requests.get(server + "/jwks.json", timeout=30).json())
    claims = JsonWebToken(["EdDSA"]).decode(
        token["access_token"], keys,
        claims_options={"iss": {"essential": True, "value": server}, "aud": {"essential": True, "value": server}})
    claims.validate()
    assert claims["client_id"] == key, claims

    def introspect():
        reply = requests.post(server + "/introspect", auth=resource, data={"token": token["access_token"]}, timeout=30)
        return reply.json()

    assert introspect()["active"] is True
    assert client.revoke_token(server + "/revoke", token=token["access_token"]).status_code == 200
    assert introspect() == {"active": False}
print("ok")
