# Watchline's own image: what the lock file names, the package, and nothing to build with.
# Made to run as it is in docker-compose.yml: no root, no capabilities, a read-only file system.

FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/watchline
WORKDIR /src
COPY .ci/requirements/build.txt .ci/requirements/run.txt .ci/requirements/
# Wheels only: nothing from the network runs while the image is built.
RUN /opt/watchline/bin/python -m pip install --only-binary=:all: --require-hashes -r .ci/requirements/run.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --only-binary=:all: --require-hashes -r .ci/requirements/build.txt
COPY pyproject.toml README.md CHANGELOG.md ./
COPY alerts alerts
COPY handlers handlers
COPY config config
COPY bot bot
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /opt/watchline/bin/python -m pip install --no-deps --no-index /wheel/watchline-*.whl \
    && /opt/watchline/bin/python -m compileall -q /opt/watchline/lib \
    && /opt/watchline/bin/watchline version

FROM python:3.13-slim-trixie
RUN groupadd --gid 10001 watchline \
    && useradd --uid 10001 --gid watchline --no-create-home --home-dir /data --shell /usr/sbin/nologin watchline \
    && install -d -o watchline -g watchline -m 0700 /data /keys /run/watchline
COPY --from=build /opt/watchline /opt/watchline
# The compiled files are in the image: a read-only file system could not take new ones.
ENV PATH=/opt/watchline/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /data
VOLUME /data /keys
USER 10001:10001
ENTRYPOINT ["watchline"]
CMD ["run"]
