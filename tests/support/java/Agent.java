// An agent in plain Java, from discovery to a refused replay. It uses HttpClient as it comes: with
// each request on a new connection it offers HTTP/2 by `Upgrade: h2c`.
//
// Run by tests/interop/test_java.py: `java Agent.java ISSUER EMAIL`. It reads the code from the mail
// on standard input and writes `name=value` lines.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Agent {
  static final HttpClient HTTP = HttpClient.newHttpClient();
  static KeyPair key;
  static String x;
  static String y;
  static String nonce;

  public static void main(String[] arguments) throws Exception {
    String issuer = arguments[0];
    newKey();
    String metadata = get(issuer + "/.well-known/openid-configuration");
    say("issuer", member(metadata, "issuer"));
    String credentials = register(issuer, arguments[1]);
    String token = token(member(metadata, "token_endpoint"), credentials);
    call(issuer + "/api/whoami", token);
  }

  static String register(String issuer, String email) throws Exception {
    String asked = posted(issuer + "/register/request", object("email", email, "client_name",
        "java-agent", "client_description", "A Java client").replaceFirst("}$",
        ",\"requested_scopes\":[\"openid\"]}"));
    say("enrollment_id", member(asked, "enrollment_id"));
    BufferedReader mail = new BufferedReader(new InputStreamReader(System.in));
    return posted(issuer + "/register/confirm", object("enrollment_id",
        member(asked, "enrollment_id"), "poll_token", member(asked, "poll_token"),
        "verification_code", mail.readLine()));
  }

  static String token(String url, String credentials) throws Exception {
    String both = member(credentials, "client_id") + ":" + member(credentials, "client_secret");
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(ascii(both)))
        .POST(HttpRequest.BodyPublishers.ofString("grant_type=client_credentials&scope=openid"));
    String answer = expect(200, sendWithProof(request, "POST", url, null));
    say("client_id", member(credentials, "client_id"));
    say("token_type", member(answer, "token_type"));
    return member(answer, "access_token");
  }

  static void call(String url, String token) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
        .header("Authorization", "DPoP " + token);
    HttpResponse<String> first = sendWithProof(request, "GET", url, token);
    say("call", String.valueOf(first.statusCode()));
    say("jkt", member(first.body(), "jkt"));
    HttpResponse<String> again = send(first.request());
    say("replay", String.valueOf(again.statusCode()));
    say("error", member(again.body(), "error"));
    say("version", String.valueOf(first.version()));
  }

  // With a fresh proof, and with another if the service demands a nonce (RFC 9449 section 8).
  static HttpResponse<String> sendWithProof(HttpRequest.Builder request, String method, String url,
      String token) throws Exception {
    HttpResponse<String> answer =
        send(request.setHeader("DPoP", proof(method, url, token)).build());
    if (!answer.body().contains("use_dpop_nonce")) {
      return answer;
    }
    nonce = answer.headers().firstValue("DPoP-Nonce").orElseThrow();
    return send(request.setHeader("DPoP", proof(method, url, token)).build());
  }

  // The proof (RFC 9449 section 4.2), with `ath` when there is an access token.
  static String proof(String method, String url, String token) throws Exception {
    String header = object("typ", "dpop+jwt", "alg", "ES256")
        .replaceFirst("}$", ",\"jwk\":" + object("kty", "EC", "crv", "P-256", "x", x, "y", y) + "}");
    String claims = object("htm", method, "htu", url, "jti", UUID.randomUUID().toString());
    claims = claims.replaceFirst("}$", ",\"iat\":" + Instant.now().getEpochSecond() + "}");
    if (nonce != null) {
      claims = claims.replaceFirst("}$", ",\"nonce\":\"" + nonce + "\"}");
    }
    if (token != null) {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(ascii(token));
      claims = claims.replaceFirst("}$", ",\"ath\":\"" + base64url(hash) + "\"}");
    }
    String signed = base64url(ascii(header)) + "." + base64url(ascii(claims));
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format"); // raw r and s
    signature.initSign(key.getPrivate());
    signature.update(ascii(signed));
    return signed + "." + base64url(signature.sign());
  }

  static void newKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    key = generator.generateKeyPair();
    ECPublicKey known = (ECPublicKey) key.getPublic();
    x = base64url(padded(known.getW().getAffineX()));
    y = base64url(padded(known.getW().getAffineY()));
  }

  static byte[] padded(BigInteger coordinate) { // 32 bytes, without the byte for a sign
    byte[] bytes = coordinate.toByteArray();
    byte[] whole = new byte[32];
    int length = Math.min(bytes.length, 32);
    System.arraycopy(bytes, bytes.length - length, whole, 32 - length, length);
    return whole;
  }

  static String get(String url) throws Exception {
    return expect(200, send(HttpRequest.newBuilder(URI.create(url)).build()));
  }

  static String posted(String url, String json) throws Exception {
    return expect(200, send(HttpRequest.newBuilder(URI.create(url))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json)).build()));
  }

  static HttpResponse<String> send(HttpRequest request) throws Exception {
    return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
  }

  static String expect(int status, HttpResponse<String> answer) {
    if (answer.statusCode() != status) {
      throw new IllegalStateException(answer.uri() + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }

  static String object(String... pairs) {
    StringBuilder json = new StringBuilder("{");
    for (int at = 0; at < pairs.length; at += 2) {
      json.append(at == 0 ? "" : ",").append('"').append(pairs[at]).append("\":\"")
          .append(pairs[at + 1]).append('"');
    }
    return json.append('}').toString();
  }

  // The string under a name; good enough for answers in which no name comes twice.
  static String member(String json, String name) {
    Matcher found = Pattern.compile('"' + name + "\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(json);
    if (!found.find()) {
      throw new IllegalStateException("no " + name + " in " + json);
    }
    return found.group(1);
  }

  static String base64url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  static void say(String name, String value) {
    System.out.println(name + "=" + value);
  }
}
