// An OpenID provider that asks for PKCE, in a process of its own: `node provider.mjs '{"port": …, "redirect_uri": …}'`.
// Whoever types a name at its log-in page is that person. It says `ready` once it listens.
import Provider from 'oidc-provider'

const asked = JSON.parse(process.argv[2])
const issuer = `http://${asked.host}:${asked.port}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: asked.client_id,
      client_secret: asked.client_secret,
      redirect_uris: [asked.redirect_uri],
      grant_types: ['authorization_code'],
      response_types: ['code']
    }
  ],
  claims: { openid: ['sub'], profile: ['preferred_username', 'name'] },
  cookies: { keys: ['of-a-test'] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: `subject-of-${id}`, preferred_username: id, name: id })
  })
})

provider.listen(asked.port, '127.0.0.1', () => console.log('ready'))
