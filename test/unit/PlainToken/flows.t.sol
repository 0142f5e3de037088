// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Contributor} from "../../../contracts/interfaces/IModelHub.sol";
import {IOPG} from "../../../contracts/interfaces/IOPG.sol";
import {Onboarding, Permit} from "../../../contracts/interfaces/IOperators.sol";
import {Burning} from "../../../contracts/libraries/Burning.sol";
import {PipeFixture} from "../Pipe/PipeFixture.sol";
import {Actor} from "../support/NetworkFixture.sol";

/// The network on an OPG that is an ERC-20 of 18 decimals and nothing else: no burn, no permit, no votes.
contract PlainTokenFlowsTest is PipeFixture {
    address private constant DEAD = 0x000000000000000000000000000000000000dEaD;

    function _deployOpg() internal override returns (IOPG) {
        bytes memory arguments = abi.encode(address(this), SUPPLY, uint8(18));
        return IOPG(deployCode("PlainToken.sol:PlainToken", arguments));
    }

    function test_theTokenHasNoExtensions() public {
        bytes[3] memory calls = [
            abi.encodeCall(opg.burn, (0)),
            abi.encodeCall(opg.DOMAIN_SEPARATOR, ()),
            abi.encodeWithSignature("getVotes(address)", user)
        ];
        for (uint256 i; i < calls.length; ++i) {
            (bool done, ) = address(opg).call(calls[i]);
            assertFalse(done);
        }
    }

    function test_stakesUnbondsAndWithdraws() public {
        _stake(operator, 500 ether);
        assertEq(_standing(operator).stake * GRAIN, STAKE + 500 ether);
        vm.startPrank(operator.owner);
        operators.unbond(operator.id, 500 ether);
        skip(UNBONDING_PERIOD);
        operators.withdrawUnbonded(operator.id, operator.owner);
        vm.stopPrank();
        assertEq(opg.balanceOf(operator.owner), 500 ether);
        assertEq(opg.balanceOf(address(operators)), STAKE);
    }

    function test_requestsArePaidClaimedAndWithdrawn() public {
        _fulfil(operator, _openFunded(1), "output");
        skip(3 * DISPUTE_WINDOW);
        Contributor[] memory nobody;
        assertEq(requests.claim(operator.id, release, nobody), FEE);
        uint256 protocolFee = (FEE * PROTOCOL_FEE_BPS) / 10_000;
        assertEq(requests.balanceOf(treasury), protocolFee);
        assertEq(requests.balanceOf(publisher), ROYALTY);
        uint256 rest = FEE - protocolFee - ROYALTY;
        vm.prank(operator.owner);
        requests.withdraw(operator.owner, rest);
        assertEq(opg.balanceOf(operator.owner), rest);
    }

    function test_inferencesInATransactionArePaidAndClaimed() public {
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), _usual()));
        assertTrue(success);
        skip(3 * DISPUTE_WINDOW);
        Contributor[] memory nobody;
        assertEq(money.claim(operator.id, release, nobody), FEE);
    }

    function test_whatIsSlashedGoesWhereNobodyTakesIt() public {
        uint256 slashed = _slash(operator, 1);
        uint256 burned = operators.unburned();
        assertEq(slashed, STAKE / 2);
        assertEq(burned, (slashed * 8500) / 10_000);
        vm.prank(stranger);
        assertEq(operators.burnSlashed(), burned);
        assertEq(opg.balanceOf(DEAD), burned);
        assertEq(opg.balanceOf(address(operators)), STAKE - burned);
        assertEq(operators.burnSlashed(), 0);

        assertEq(operators.collectAward(challenger), slashed - burned);
        assertEq(opg.balanceOf(challenger), slashed - burned);
    }

    function test_whatIsForfeitedGoesWhereNobodyTakesIt() public {
        _fulfil(operator, _openFunded(1), "output");
        _slash(operator, 1);
        skip(3 * DISPUTE_WINDOW);
        Contributor[] memory nobody;
        requests.claim(operator.id, release, nobody);
        uint256 forfeited = requests.unburned();
        assertGt(forfeited, 0);
        assertEq(requests.burnForfeited(), forfeited);
        assertEq(opg.balanceOf(DEAD), forfeited);
    }

    /// A burn that runs out of gas does not become a transfer.
    function testFuzz_noGasMakesABurnOfARealOpgATransfer(uint256 gasGiven) public {
        IOPG real = super._deployOpg();
        Burner burner = new Burner();
        require(real.transfer(address(burner), 5 ether), "supply");
        try burner.burn{gas: bound(gasGiven, 2_000, 400_000)}(real, 5 ether) {
            assertEq(real.totalSupply(), SUPPLY - 5 ether);
        } catch {
            assertEq(real.totalSupply(), SUPPLY);
            assertEq(real.balanceOf(address(burner)), 5 ether);
        }
        assertEq(real.balanceOf(DEAD), 0);
    }

    function test_revertsWhenAPermitIsBroughtAndNothingIsApproved() public {
        Permit memory permit = Permit(block.timestamp + 1, 27, bytes32(uint256(1)), bytes32(uint256(2)));
        _fund(operator.owner, 10 ether);
        vm.startPrank(operator.owner);
        bytes memory refused = abi.encodeWithSelector(IOPG.PermitRefused.selector, operator.owner);
        vm.expectRevert(refused);
        operators.stakeWithPermit(operator.id, 10 ether, permit);
        vm.expectRevert(refused);
        requests.depositWithPermit(operator.owner, 10 ether, permit);
        vm.expectRevert(refused);
        money.depositWithPermit(operator.owner, 10 ether, permit);
        vm.stopPrank();
        assertEq(opg.balanceOf(operator.owner), 10 ether);

        Actor memory next = _actor("next");
        Onboarding memory params = Onboarding({
            signer: next.signer,
            signerProof: _consent(next.owner, next.signerKey),
            roles: ROLE_INFERENCE,
            endpoint: "",
            stake: STAKE,
            slots: 1,
            release: release,
            price: FEE,
            modes: VANILLA_ONLY
        });
        _fund(next.owner, STAKE);
        vm.startPrank(next.owner);
        vm.expectRevert(abi.encodeWithSelector(IOPG.PermitRefused.selector, next.owner));
        operators.onboard(params, permit);
        opg.approve(address(operators), STAKE);
        assertEq(operators.onboard(params, permit), operator.id + 1);
        vm.stopPrank();
    }

    function test_aPermitBesideAnApprovalIsLetAlone() public {
        Permit memory permit = Permit(block.timestamp + 1, 27, bytes32(uint256(1)), bytes32(uint256(2)));
        _fund(user, 3 ether);
        vm.startPrank(user);
        opg.approve(address(requests), 3 ether);
        requests.depositWithPermit(user, 3 ether, permit);
        vm.stopPrank();
        assertEq(requests.balanceOf(user), 3 ether);
    }
}

contract Burner {
    function burn(IOPG opg, uint256 amount) external {
        Burning.burn(opg, amount);
    }
}
