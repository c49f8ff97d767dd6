"""tools/deploy against the programs: what the page and the Containerfile install is what the programs need, the
Containerfile copies what the build needs, and three replicas started by the unit's line with its configuration are
reached by the page's commands."""

import pathlib
import re
import shlex
import shutil
import subprocess

from cluster import KV, REPLICA, ROOT, Skip, environment, free_ports, make_folder, wait_until

DEPLOY = ROOT / 'tools' / 'deploy'
UNIT = (DEPLOY / 'norn@.service').read_text()
CONFIG = (DEPLOY / 'norn.conf').read_text()
ENVIRONMENT = (DEPLOY / 'norn.env').read_text()
PAGE = (DEPLOY / 'README.md').read_text()
CONTAINERFILE = (DEPLOY / 'Containerfile').read_text()


def output(*words, **more):
    return subprocess.run([*map(str, words)], stdout=subprocess.PIPE, text=True, check=True, **more).stdout


def only(pattern, text):
    found = re.findall(pattern, text, re.M)
    assert len(found) == 1, f'{pattern}: {found}'
    return found[0]


def package_of(library):
    """Debian's package with this file; directories that were merged into /usr may be known by either name."""
    path = pathlib.Path(library)
    for name in (path, path.resolve(), *(pathlib.Path(f'/{p.relative_to("/usr")}') for p in (path, path.resolve())
                                         if p.is_relative_to('/usr'))):
        known = subprocess.run(['dpkg', '-S', name], capture_output=True, text=True, check=False)
        if known.returncode == 0:
            return known.stdout.split(':')[0]
    raise AssertionError(f'no package has {library}')


def container_sources(_):
    """The build is configured, and every source of the two programs is there, with nothing but what is copied."""
    folder = make_folder('deploy')
    for words in re.findall(r'^COPY (?!--from)(.*)$', CONTAINERFILE, re.M):
        *sources, to = words.split()
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / to)
            else:
                shutil.copy(ROOT / source, folder / to)
    subprocess.run(['cmake', '--preset', 'release'], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    output('ninja', '-n', '-C', folder / 'build' / 'release', *only(r'tools/build release ([a-z ]+) &&', CONTAINERFILE).split())
    shutil.rmtree(folder)


def options(_):
    """Whatever stands in the files, behind a comment's sign too, is an option, and is accepted."""
    folder = make_folder('deploy')
    known = output(REPLICA, 'serve', '--help')
    for name in re.findall(r'^#?NORN_([A-Z_]+)=', ENVIRONMENT, re.M):
        assert f'--{name.lower().replace("_", "-")} ' in known, name
    config = folder / 'norn.conf'
    config.write_text(re.sub(r'^#(?=[a-z-]+ = )', '', CONFIG, flags=re.M))
    # Options are looked at before the data directory is.
    ended = subprocess.run([REPLICA, 'serve', '--id', '1', '--config', config, '--data', '/proc/new'], text=True,
                           capture_output=True, timeout=10, check=False, env=environment())
    assert ended.returncode == 2 and '/proc/new' in ended.stderr, ended.stderr
    shutil.rmtree(folder)


class Machines:
    """Three of them, 127.0.0.1 to 127.0.0.3, with the files of the page in a folder each."""

    def __init__(self):
        self.folder = make_folder('deploy')
        self.udp, self.tcp = free_ports(2)
        self.processes = []
        output('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=norn', '-days', '2', '-keyout',
               self.folder / 'cert.key', '-out', self.folder / 'cert.pem', stderr=subprocess.DEVNULL)
        output(REPLICA, 'keygen', self.folder / 'key')
        (self.folder / 'norn.conf').write_text(self.here(CONFIG))

    def here(self, text):
        """The page's addresses, ports and folders as they are here."""
        for pattern, replacement in [(r'\b10\.0\.0\.(\d)', r'127.0.0.\1'), (r'\b7101\b', str(self.udp)), (r'\b7001\b', str(self.tcp)),
                                     ('/etc/norn', str(self.folder)), ('/var/lib/norn', str(self.folder)),
                                     ('ca.pem', str(self.folder / 'cert.pem')), ('/usr/local/bin/replica', str(REPLICA))]:
            text = re.sub(pattern, replacement, text)
        return text

    def start(self, number, password):
        line = self.here(only('^ExecStart=(.*)$', UNIT)).replace('%i', str(number))
        lines = ENVIRONMENT.replace('NORN_REQUIREPASS=', f'NORN_REQUIREPASS={password}')
        variables = dict(re.findall(r'^([A-Z_]+)=(.*)$', lines, re.M))
        if password:  # three machines in one cannot all have 0.0.0.0
            variables['NORN_RESP'] = f'127.0.0.{number}:{self.tcp}'
        self.processes.append(subprocess.Popen(shlex.split(line), env=variables, stderr=subprocess.PIPE, text=True))
        return self.processes[-1]

    def stop(self):
        for process in self.processes:
            process.kill()
            process.communicate()
        shutil.rmtree(self.folder)


def page_is_followed(_):
    machines = Machines()
    try:
        without = machines.start(1, '')
        said = without.communicate(timeout=10)[1]
        assert without.returncode == 2 and 'set --requirepass' in said, said
        for number in (1, 2, 3):
            machines.start(number, 'secret')
        put = shlex.split(machines.here(only(r'^    (kv --cluster .*)$', PAGE)))
        put[0] = str(KV)
        wait_until('a put by the page', lambda: subprocess.run(put, check=False).returncode == 0)
        get = shlex.split(machines.here(only(r'^    (redis-cli .*)$', PAGE)).replace('--askpass', '--no-auth-warning -a secret'))
        said = output(*get)
        assert said.split() == put[-1:], said
    finally:
        machines.stop()


def packages(_):
    """Those of the page and of the Containerfile: the ones that have the libraries the programs name."""
    if not re.search('^VERSION_ID="?12"?$', pathlib.Path('/etc/os-release').read_text(), re.M) or not shutil.which('dpkg'):
        raise Skip('the packages have these names in Debian 12')
    pattern = r'apt-get install (?:-y )?--no-install-recommends (.*?)(?: \\)?$'
    listed = set(only(pattern, PAGE).split())
    assert listed == set(only(pattern, CONTAINERFILE).split()), 'the page and the Containerfile differ'
    needed = set()
    for program in (REPLICA, KV):
        where = dict(re.findall(r'^\s*(\S+) => (\S+)', output('ldd', program), re.M))
        needed |= {package_of(where[name]) for name in re.findall(r'\(NEEDED\).*\[(.*)\]', output('readelf', '-d', program))}
    needed -= {'libc6', 'libgcc-s1', 'libstdc++6'}  # the others depend on them
    assert needed == listed, f'needed and not listed: {needed - listed}; listed and not needed: {listed - needed}'


def unit(_):
    if not shutil.which('systemd-analyze'):
        raise Skip('there is no systemd-analyze (Debian: systemd)')
    folder = make_folder('deploy')
    file = folder / 'norn@.service'
    file.write_text(UNIT.replace('/usr/local/bin/replica', str(REPLICA)))
    ended = subprocess.run(['systemd-analyze', 'verify', file], capture_output=True, text=True, check=False)
    said = [line for line in ended.stderr.splitlines() if 'norn' in line]  # other units of this machine may have faults
    assert not said, said
    shutil.rmtree(folder)


CASES = (container_sources, options, page_is_followed, packages, unit)
